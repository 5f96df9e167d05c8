#include "sim/matrix/fold_kernel.h"

#include <cstring>

namespace systole {

namespace {

/// kKernelLines dot products by kKernelLines: in this form, whole steps of the reduction between
/// pointers that differ by a constant, gcc makes each step one multiply-add of 16-bit pairs.
[[gnu::always_inline]] inline void add_dot_products(const std::int16_t* inputs,
                                                    const std::int16_t* weights,
                                                    std::uint32_t* sums, const ProductSize& size) {
  std::uint32_t totals[kKernelLines][kKernelLines] = {};
  const std::size_t depth = size.k / kIntegerDepth * kIntegerDepth;
  for (std::size_t k = 0; k < depth; ++k) {
    for (std::size_t i = 0; i < kKernelLines; ++i) {
      for (std::size_t j = 0; j < kKernelLines; ++j) {
        totals[i][j] += static_cast<std::uint32_t>(inputs[i * depth + k] * weights[j * depth + k]);
      }
    }
  }
  for (std::size_t i = 0; i < kKernelLines; ++i) {
    for (std::size_t j = 0; j < kKernelLines; ++j) {
      sums[i * size.n + j] += totals[i][j];
    }
  }
}

/// As many columns as fit a register of AVX-512; narrower machines take several.
using Lanes [[gnu::vector_size(kFloatLanes * sizeof(float))]] = float;

[[gnu::always_inline]] inline void add_in_order(const float* inputs, const float* weights,
                                                float* sums, const ProductSize& size) {
  Lanes totals[kKernelLines];
  for (std::size_t i = 0; i < kKernelLines; ++i) {
    std::memcpy(&totals[i], sums + i * size.n, sizeof(Lanes));
  }
  for (std::size_t k = 0; k < size.k; ++k) {
    Lanes row;
    std::memcpy(&row, weights + k * kFloatLanes, sizeof(Lanes));
    for (std::size_t i = 0; i < kKernelLines; ++i) {
      totals[i] = totals[i] + inputs[i * size.k + k] * row;
    }
  }
  for (std::size_t i = 0; i < kKernelLines; ++i) {
    std::memcpy(sums + i * size.n, &totals[i], sizeof(Lanes));
  }
}

}  // namespace

// One source, compiled for three instruction sets; the loader picks.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
[[gnu::target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")]]
#endif
void multiply_modulo(const std::int16_t* inputs, const std::int16_t* weights, std::uint32_t* sums,
                     const ProductSize& size) {
  for (std::size_t m = 0; m < size.m; m += kKernelLines) {
    for (std::size_t n = 0; n < size.n; n += kKernelLines) {
      add_dot_products(inputs + m * size.k, weights + n * size.k, sums + m * size.n + n, size);
    }
  }
}

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
[[gnu::target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")]]
#endif
void multiply_in_order(const float* inputs, const float* weights, float* sums,
                       const ProductSize& size) {
  for (std::size_t n = 0; n < size.n; n += kFloatLanes) {
    for (std::size_t m = 0; m < size.m; m += kKernelLines) {
      add_in_order(inputs + m * size.k, weights + n * size.k, sums + m * size.n + n, size);
    }
  }
}

}  // namespace systole
