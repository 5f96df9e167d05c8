#pragma once

#include <cstdint>

#include <cuda_runtime_api.h>

namespace systole::gpu {

/// op(i) for i in 0..count-1, one thread each, behind what `stream` already holds. Made for the
/// structures of element_ops.h and every element type in launch.cu.
template <class Op>
void launch_elements(const Op& op, std::int64_t count, cudaStream_t stream);

}  // namespace systole::gpu
