#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include <cublasLt.h>
#include <cuda_runtime_api.h>

#include "reference/gpu/matrix_product.h"

namespace systole::gpu {

/// A library call: operand a, weights, biases (or null), result.
struct LibraryCall {
  std::function<void(const void*, const void*, const void*, void*)> run;
  std::string name;
};

/// cuBLASLt with the first algorithm that its heuristic offers within `workspace_bytes`.
/// Throws UserError where it offers none.
[[nodiscard]] LibraryCall cublas_product(cublasLtHandle_t handle, const MatrixProduct& product,
                                         void* workspace, std::size_t workspace_bytes,
                                         cudaStream_t stream);

}  // namespace systole::gpu
