#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <cublasLt.h>
#include <cuda_runtime_api.h>

#include "reference/gpu/cublas_product.h"
#include "reference/gpu/cuda_check.h"
#include "reference/gpu/cudnn_convolution.h"
#include "reference/gpu/launch.h"

namespace systole::gpu {

struct CudaDevice {
  std::string name;    ///< `NVIDIA H100 80GB HBM3`
  std::string isa;     ///< `sm_90`
  std::string bus_id;  ///< for NVML
  int multiprocessors = 0;
};

/// The first CUDA device (CUDA_VISIBLE_DEVICES chooses), one stream, what GpuNetwork needs of it.
/// A recorded pass is a CUDA graph, so that its time holds no launches one by one from the host;
/// times of single layers are taken between events and do hold them, where a kernel is shorter than
/// its launch. Throws UserError where there is no device.
class CudaBackend {
 public:
  CudaBackend();
  ~CudaBackend();
  CudaBackend(const CudaBackend&) = delete;
  CudaBackend& operator=(const CudaBackend&) = delete;

  [[nodiscard]] CudaDevice device() const;
  /// `CUDA 13.0, cuBLASLt 13.1.0, cuDNN 9.13.0`
  [[nodiscard]] std::string software() const;

  [[nodiscard]] void* allocate(std::size_t bytes);
  void upload(void* to, const void* from, std::size_t bytes);
  void download(void* to, const void* from, std::size_t bytes);
  template <class Op>
  void launch(const Op& op, std::int64_t count) {
    launch_elements(op, count, stream_);
    check(cudaPeekAtLastError(), "a kernel");
  }
  void wait();

  [[nodiscard]] LibraryCall multiply(const MatrixProduct& product);
  [[nodiscard]] std::optional<LibraryCall> convolve(const FusedConvolution& convolution);

  /// Captures what `work` issues.
  void record(const std::function<void()>& work);
  /// Runs it; seconds on the device.
  [[nodiscard]] double replay();
  [[nodiscard]] std::vector<double> time_each(const std::vector<std::function<void()>>& work);

 private:
  [[nodiscard]] static cudaStream_t make_stream();

  cudaStream_t stream_;
  cublasLtHandle_t blas_ = nullptr;
  Cudnn cudnn_;
  void* workspace_ = nullptr;
  cudaGraphExec_t recorded_ = nullptr;
  std::vector<void*> memory_;
};

}  // namespace systole::gpu
