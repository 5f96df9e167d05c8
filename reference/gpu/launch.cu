#include "reference/gpu/element_ops.h"
#include "reference/gpu/launch.h"

namespace systole::gpu {

namespace {

constexpr int kThreads = 256;
constexpr std::int64_t kMostBlocks = 1 << 30;

template <class Op>
__global__ void compute(const Op op, std::int64_t count) {
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count;
       i += stride) {
    op(i);
  }
}

}  // namespace

template <class Op>
void launch_elements(const Op& op, std::int64_t count, cudaStream_t stream) {
  const std::int64_t blocks = (count + kThreads - 1) / kThreads;
  compute<<<static_cast<unsigned>(blocks < kMostBlocks ? blocks : kMostBlocks), kThreads, 0,
            stream>>>(op, count);
}

#define SYSTOLE_INSTANTIATE(T)                                                             \
  template void launch_elements(const Im2col<T>&, std::int64_t, cudaStream_t);             \
  template void launch_elements(const Finish<T>&, std::int64_t, cudaStream_t);             \
  template void launch_elements(const GroupedConvolution<T>&, std::int64_t, cudaStream_t); \
  template void launch_elements(const Pool<T>&, std::int64_t, cudaStream_t);               \
  template void launch_elements(const Add<T>&, std::int64_t, cudaStream_t);                \
  template void launch_elements(const Move<T>&, std::int64_t, cudaStream_t);               \
  template void launch_elements(const Softmax<T>&, std::int64_t, cudaStream_t)

SYSTOLE_INSTANTIATE(std::int8_t);
SYSTOLE_INSTANTIATE(Bf16);
SYSTOLE_INSTANTIATE(Fp16);
SYSTOLE_INSTANTIATE(float);

}  // namespace systole::gpu
