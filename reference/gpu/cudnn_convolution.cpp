#include "reference/gpu/cudnn_convolution.h"

#include <array>
#include <limits>
#include <memory>

#include <cudnn.h>
#include <fmt/format.h>

#include "arch/diag/check.h"
#include "arch/diag/error.h"
#include "reference/gpu/cuda_check.h"

namespace systole::gpu {

namespace {

void check(cudnnStatus_t status, const char* what) {
  if (status != CUDNN_STATUS_SUCCESS) {
    throw UserError(fmt::format("systole_gpu: {}: {}", what, cudnnGetErrorString(status)));
  }
}

cudnnDataType_t type_of(DataType type) {
  switch (type) {
    case DataType::Bf16:
      return CUDNN_DATA_BFLOAT16;
    case DataType::Fp16:
      return CUDNN_DATA_HALF;
    case DataType::Fp32:
      return CUDNN_DATA_FLOAT;
    default:
      SYSTOLE_CHECK(false, "{} is no floating type of a convolution", name_of(type));
  }
  return CUDNN_DATA_FLOAT;
}

/// cuDNN counts in int.
int narrow(std::int64_t value) {
  SYSTOLE_CHECK(value >= 0 && value <= std::numeric_limits<int>::max(), "{} elements", value);
  return static_cast<int>(value);
}

/// The only algorithm that cuDNN fuses a bias without ReLU into.
constexpr cudnnConvolutionFwdAlgo_t kAlgorithm = CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM;

class Convolution {
 public:
  Convolution(cudnnHandle_t handle, const FusedConvolution& convolution) : handle_(handle) {
    const cudnnDataType_t type = type_of(convolution.type);
    const Kernel& kernel = convolution.kernel;
    const Shape& in = convolution.input;
    const Shape& out = convolution.output;
    check(cudnnCreateTensorDescriptor(&input_), "cudnnCreateTensorDescriptor");
    check(cudnnCreateTensorDescriptor(&output_), "cudnnCreateTensorDescriptor");
    check(cudnnCreateTensorDescriptor(&bias_), "cudnnCreateTensorDescriptor");
    check(cudnnCreateFilterDescriptor(&filter_), "cudnnCreateFilterDescriptor");
    check(cudnnCreateConvolutionDescriptor(&operation_), "cudnnCreateConvolutionDescriptor");
    check(cudnnCreateActivationDescriptor(&activation_), "cudnnCreateActivationDescriptor");
    tensor(input_, type, in);
    tensor(output_, type, out);
    tensor(bias_, type, {.channels = out.channels});
    check(cudnnSetFilter4dDescriptor(filter_, type, CUDNN_TENSOR_NHWC, narrow(out.channels),
                                     narrow(in.channels), narrow(kernel.rows), narrow(kernel.cols)),
          "cudnnSetFilter4dDescriptor");
    check(cudnnSetConvolution2dDescriptor(
              operation_, narrow(kernel.pad_top), narrow(kernel.pad_left),
              narrow(kernel.stride_rows), narrow(kernel.stride_cols), narrow(kernel.dilation_rows),
              narrow(kernel.dilation_cols), CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT),
          "cudnnSetConvolution2dDescriptor");
    check(
        cudnnSetConvolutionMathType(
            operation_, convolution.type == DataType::Fp32 ? CUDNN_FMA_MATH : CUDNN_TENSOR_OP_MATH),
        "cudnnSetConvolutionMathType");
    check(cudnnSetActivationDescriptor(activation_,
                                       convolution.epilogue == Epilogue::BiasRelu
                                           ? CUDNN_ACTIVATION_RELU
                                           : CUDNN_ACTIVATION_IDENTITY,
                                       CUDNN_PROPAGATE_NAN, 0),
          "cudnnSetActivationDescriptor");
  }
  ~Convolution() {
    cudaFree(workspace_);
    cudnnDestroyActivationDescriptor(activation_);
    cudnnDestroyConvolutionDescriptor(operation_);
    cudnnDestroyFilterDescriptor(filter_);
    cudnnDestroyTensorDescriptor(bias_);
    cudnnDestroyTensorDescriptor(output_);
    cudnnDestroyTensorDescriptor(input_);
  }
  Convolution(const Convolution&) = delete;
  Convolution& operator=(const Convolution&) = delete;

  /// False where cuDNN has no kernel.
  [[nodiscard]] bool prepare() {
    if (cudnnGetConvolutionForwardWorkspaceSize(handle_, input_, filter_, operation_, output_,
                                                kAlgorithm,
                                                &workspace_bytes_) != CUDNN_STATUS_SUCCESS) {
      return false;
    }
    if (workspace_bytes_ > 0) {
      systole::gpu::check(cudaMalloc(&workspace_, workspace_bytes_), "cudaMalloc");
    }
    return true;
  }

  [[nodiscard]] cudnnStatus_t run(const void* x, const void* w, const void* bias, void* y) const {
    const float one = 1;
    const float zero = 0;
    return cudnnConvolutionBiasActivationForward(handle_, &one, input_, x, filter_, w, operation_,
                                                 kAlgorithm, workspace_, workspace_bytes_, &zero,
                                                 output_, y, bias_, bias, activation_, output_, y);
  }

 private:
  static void tensor(cudnnTensorDescriptor_t descriptor, cudnnDataType_t type, const Shape& shape) {
    check(
        cudnnSetTensor4dDescriptor(descriptor, CUDNN_TENSOR_NHWC, type, narrow(shape.batch),
                                   narrow(shape.channels), narrow(shape.rows), narrow(shape.cols)),
        "cudnnSetTensor4dDescriptor");
  }

  cudnnHandle_t handle_;
  cudnnTensorDescriptor_t input_ = nullptr;
  cudnnTensorDescriptor_t output_ = nullptr;
  cudnnTensorDescriptor_t bias_ = nullptr;
  cudnnFilterDescriptor_t filter_ = nullptr;
  cudnnConvolutionDescriptor_t operation_ = nullptr;
  cudnnActivationDescriptor_t activation_ = nullptr;
  void* workspace_ = nullptr;
  std::size_t workspace_bytes_ = 0;
};

struct FreeOnDevice {
  void operator()(void* memory) const { cudaFree(memory); }
};

/// Runs once on memory of its own: cuDNN tells some missing kernels only then.
bool runs(const Convolution& convolution, const FusedConvolution& shape) {
  const auto bytes = [&](std::int64_t elements) {
    return static_cast<std::size_t>(bytes_of(shape.type, elements));
  };
  const std::int64_t weights =
      shape.output.channels * shape.input.channels * shape.kernel.rows * shape.kernel.cols;
  const std::array<std::int64_t, 4> sizes = {shape.input.elements(), weights, shape.output.channels,
                                             shape.output.elements()};
  std::array<std::unique_ptr<void, FreeOnDevice>, 4> buffers;
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    void* memory = nullptr;
    systole::gpu::check(cudaMalloc(&memory, bytes(sizes[i])), "cudaMalloc");
    buffers[i].reset(memory);
    systole::gpu::check(cudaMemset(memory, 0, bytes(sizes[i])), "cudaMemset");
  }
  return convolution.run(buffers[0].get(), buffers[1].get(), buffers[2].get(), buffers[3].get()) ==
             CUDNN_STATUS_SUCCESS &&
         cudaDeviceSynchronize() == cudaSuccess;
}

}  // namespace

struct Cudnn::State {
  explicit State(cudaStream_t stream) {
    check(cudnnCreate(&handle), "cudnnCreate");
    check(cudnnSetStream(handle, stream), "cudnnSetStream");
  }
  ~State() { cudnnDestroy(handle); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  cudnnHandle_t handle = nullptr;
};

Cudnn::Cudnn(cudaStream_t stream) : state_(std::make_shared<State>(stream)) {}
Cudnn::~Cudnn() = default;

std::optional<LibraryCall> Cudnn::convolution(const FusedConvolution& convolution) {
  const Kernel& kernel = convolution.kernel;
  if (kernel.pad_top != kernel.pad_bottom || kernel.pad_left != kernel.pad_right) {
    return std::nullopt;
  }
  const auto made = std::make_shared<Convolution>(state_->handle, convolution);
  if (!made->prepare() || !runs(*made, convolution)) {
    return std::nullopt;
  }
  return LibraryCall{
      .run =
          [made, state = state_](const void* x, const void* w, const void* bias, void* y) {
            check(made->run(x, w, bias, y), "cudnnConvolutionBiasActivationForward");
          },
      .name = "cuDNN fused"};
}

std::string Cudnn::version() {
  const std::size_t version = cudnnGetVersion();
  constexpr std::size_t kMajor = 10'000;
  constexpr std::size_t kMinor = 100;
  return fmt::format("cuDNN {}.{}.{}", version / kMajor, version % kMajor / kMinor,
                     version % kMinor);
}

}  // namespace systole::gpu
