#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include <cuda_runtime_api.h>

#include "reference/gpu/cublas_product.h"
#include "reference/gpu/matrix_product.h"

namespace systole::gpu {

/// cuDNN's convolution with fused bias and ReLU, where the program was built with cuDNN. Everything
/// it offers is offered by matrix products too: without it convolutions go that way.
class Cudnn {
 public:
  explicit Cudnn(cudaStream_t stream);
  ~Cudnn();
  Cudnn(const Cudnn&) = delete;
  Cudnn& operator=(const Cudnn&) = delete;

  /// Nothing where cuDNN is absent or does not do this one: padding that differs between opposite
  /// sides, a type or shape without a kernel. fp32 is multiplied as fp32, not TF32.
  [[nodiscard]] std::optional<LibraryCall> convolution(const FusedConvolution& convolution);
  /// `cuDNN 9.13.0`, or empty.
  [[nodiscard]] static std::string version();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace systole::gpu
