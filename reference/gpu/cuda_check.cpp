#include "reference/gpu/cuda_check.h"

#include <fmt/format.h>

#include "arch/diag/error.h"

namespace systole::gpu {

void check(cudaError_t status, const char* what) {
  if (status != cudaSuccess) {
    throw UserError(fmt::format("systole_gpu: {}: {}", what, cudaGetErrorString(status)));
  }
}

void check(cublasStatus_t status, const char* what) {
  if (status != CUBLAS_STATUS_SUCCESS) {
    throw UserError(fmt::format("systole_gpu: {}: {}", what, cublasLtGetStatusString(status)));
  }
}

}  // namespace systole::gpu
