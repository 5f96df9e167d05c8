#pragma once

#include <cublasLt.h>
#include <cuda_runtime_api.h>

namespace systole::gpu {

/// Throw UserError `systole_gpu: WHAT: REASON`: no device, a driver too old, no memory left.
void check(cudaError_t status, const char* what);
void check(cublasStatus_t status, const char* what);

}  // namespace systole::gpu
