#include "reference/gpu/cuda_backend.h"

#include <array>

#include <fmt/format.h>

namespace systole::gpu {

namespace {

constexpr std::size_t kWorkspaceBytes = std::size_t{32} << 20;  // what cuBLASLt suggests for Hopper
constexpr double kMilliseconds = 1e3;

/// A moment in the stream.
class Event {
 public:
  Event() { check(cudaEventCreate(&event_), "cudaEventCreate"); }
  ~Event() { cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void record(cudaStream_t stream) { check(cudaEventRecord(event_, stream), "cudaEventRecord"); }
  void wait() { check(cudaEventSynchronize(event_), "cudaEventSynchronize"); }
  [[nodiscard]] double seconds_since(const Event& earlier) const {
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, earlier.event_, event_), "cudaEventElapsedTime");
    return static_cast<double>(milliseconds) / kMilliseconds;
  }

 private:
  cudaEvent_t event_ = nullptr;
};

std::string version_text(int version) {
  constexpr int kMajor = 1000;
  constexpr int kMinor = 10;
  return fmt::format("{}.{}", version / kMajor, version % kMajor / kMinor);
}

}  // namespace

cudaStream_t CudaBackend::make_stream() {
  int count = 0;
  check(cudaGetDeviceCount(&count), "no CUDA device");
  check(cudaSetDevice(0), "cudaSetDevice");
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreate");
  return stream;
}

CudaBackend::CudaBackend() : stream_(make_stream()), cudnn_(stream_) {
  check(cublasLtCreate(&blas_), "cublasLtCreate");
  check(cudaMalloc(&workspace_, kWorkspaceBytes), "cudaMalloc");
}

CudaBackend::~CudaBackend() {
  if (recorded_ != nullptr) {
    cudaGraphExecDestroy(recorded_);
  }
  for (void* memory : memory_) {
    cudaFree(memory);
  }
  cudaFree(workspace_);
  cublasLtDestroy(blas_);
  cudaStreamDestroy(stream_);
}

CudaDevice CudaBackend::device() const {
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, 0), "cudaGetDeviceProperties");
  std::array<char, 32> bus_id{};
  check(cudaDeviceGetPCIBusId(bus_id.data(), static_cast<int>(bus_id.size()), 0),
        "cudaDeviceGetPCIBusId");
  return {.name = properties.name,
          .isa = fmt::format("sm_{}{}", properties.major, properties.minor),
          .bus_id = bus_id.data(),
          .multiprocessors = properties.multiProcessorCount};
}

std::string CudaBackend::software() const {
  int runtime = 0;
  check(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion");
  std::string text =
      fmt::format("CUDA {}, cuBLASLt {}", version_text(runtime), cublasLtGetVersion());
  const std::string cudnn = Cudnn::version();
  return cudnn.empty() ? text : fmt::format("{}, {}", text, cudnn);
}

void* CudaBackend::allocate(std::size_t bytes) {
  void* memory = nullptr;
  check(cudaMalloc(&memory, bytes == 0 ? 1 : bytes), "cudaMalloc");
  memory_.push_back(memory);
  return memory;
}

void CudaBackend::upload(void* to, const void* from, std::size_t bytes) {
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream_), "cudaMemcpy");
  wait();
}

void CudaBackend::download(void* to, const void* from, std::size_t bytes) {
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream_), "cudaMemcpy");
  wait();
}

void CudaBackend::wait() {
  check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize");
}

LibraryCall CudaBackend::multiply(const MatrixProduct& product) {
  return cublas_product(blas_, product, workspace_, kWorkspaceBytes, stream_);
}

std::optional<LibraryCall> CudaBackend::convolve(const FusedConvolution& convolution) {
  return cudnn_.convolution(convolution);
}

void CudaBackend::record(const std::function<void()>& work) {
  work();  // libraries load kernels on first use, which a capture does not allow
  wait();
  cudaGraph_t graph = nullptr;
  check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal),
        "cudaStreamBeginCapture");
  work();
  check(cudaStreamEndCapture(stream_, &graph), "cudaStreamEndCapture");
  const cudaError_t made = cudaGraphInstantiate(&recorded_, graph, 0);
  cudaGraphDestroy(graph);
  check(made, "cudaGraphInstantiate");
}

double CudaBackend::replay() {
  Event begin;
  Event end;
  begin.record(stream_);
  check(cudaGraphLaunch(recorded_, stream_), "cudaGraphLaunch");
  end.record(stream_);
  end.wait();
  return end.seconds_since(begin);
}

std::vector<double> CudaBackend::time_each(const std::vector<std::function<void()>>& work) {
  std::vector<Event> moments(work.size() + 1);
  moments.front().record(stream_);
  for (std::size_t i = 0; i < work.size(); ++i) {
    work[i]();
    moments[i + 1].record(stream_);
  }
  moments.back().wait();
  std::vector<double> seconds(work.size());
  for (std::size_t i = 0; i < work.size(); ++i) {
    seconds[i] = moments[i + 1].seconds_since(moments[i]);
  }
  return seconds;
}

}  // namespace systole::gpu
