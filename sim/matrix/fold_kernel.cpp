#include "sim/matrix/fold_kernel.h"

#include <algorithm>

namespace systole {

namespace {

constexpr std::int64_t kUnroll = 4;  // activations per pass over a row of results

}  // namespace

// One source, compiled for three instruction sets; the loader picks.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
[[gnu::target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")]]
#endif
void multiply_modulo(const std::int32_t* activations, const std::int32_t* weights,
                     std::int32_t* results, std::int64_t rows_m, std::int64_t depth_k,
                     std::int64_t cols_n) {
  const auto* all_weights = reinterpret_cast<const std::uint32_t*>(weights);
  for (std::int64_t m = 0; m < rows_m; ++m) {
    const auto* a = reinterpret_cast<const std::uint32_t*>(activations + m * depth_k);
    auto* __restrict sums = reinterpret_cast<std::uint32_t*>(results + m * cols_n);
    std::fill(sums, sums + cols_n, 0U);
    std::int64_t k = 0;
    for (; k + kUnroll <= depth_k; k += kUnroll) {
      const std::uint32_t* w0 = all_weights + k * cols_n;
      const std::uint32_t* w1 = w0 + cols_n;
      const std::uint32_t* w2 = w1 + cols_n;
      const std::uint32_t* w3 = w2 + cols_n;
      for (std::int64_t n = 0; n < cols_n; ++n) {
        sums[n] += a[k] * w0[n] + a[k + 1] * w1[n] + a[k + 2] * w2[n] + a[k + 3] * w3[n];
      }
    }
    for (; k < depth_k; ++k) {
      const std::uint32_t* w = all_weights + k * cols_n;
      for (std::int64_t n = 0; n < cols_n; ++n) {
        sums[n] += a[k] * w[n];
      }
    }
  }
}

}  // namespace systole
