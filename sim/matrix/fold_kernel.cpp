#include "sim/matrix/fold_kernel.h"

#include <cstring>

#include "arch/diag/check.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define SYSTOLE_X86
#include <immintrin.h>
#endif

namespace systole {

namespace {

/// Where a block of kKernelLines rows and a panel begin.
struct Block {
  const std::int16_t* inputs;
  const std::int16_t* weights;
  std::uint32_t* sums;
};

Block block_at(const std::int16_t* inputs, const std::int16_t* weights, std::uint32_t* sums,
               const ProductSize& size, std::size_t m, std::size_t n) {
  return {inputs + m * size.k, weights + n * size.k, sums + m * size.n + n};
}

/// For machines without AVX2.
void multiply_plainly(const std::int16_t* inputs, const std::int16_t* weights, std::uint32_t* sums,
                      const ProductSize& size) {
  for (std::size_t n = 0; n < size.n; n += kKernelLanes) {
    for (std::size_t m = 0; m < size.m; ++m) {
      const Block at = block_at(inputs, weights, sums, size, m, n);
      for (std::size_t k = 0; k < size.k; ++k) {
        const std::int16_t* row =
            at.weights + k / kIntegerDepth * kIntegerDepth * kKernelLanes + k % kIntegerDepth;
        for (std::size_t lane = 0; lane < kKernelLanes; ++lane) {
          at.sums[lane] += static_cast<std::uint32_t>(at.inputs[k] * row[lane * kIntegerDepth]);
        }
      }
    }
  }
}

#ifdef SYSTOLE_X86

/// Two neighbours of the reduction, for every lane.
std::int32_t pair_at(const std::int16_t* inputs) {
  std::int32_t pair = 0;
  std::memcpy(&pair, inputs, sizeof pair);
  return pair;
}

/// One multiply-add of 16-bit pairs makes a step of the reduction for 16 columns. A pair of lowest
/// numbers wraps to -2^31 there, which is right modulo 2^32.
template <std::size_t kPanels>
[[gnu::target("avx512f,avx512bw")]] void add_block_avx512(const Block& at,
                                                          const ProductSize& size) {
  __m512i totals[kKernelLines][kPanels];
  for (std::size_t line = 0; line < kKernelLines; ++line) {
    for (std::size_t panel = 0; panel < kPanels; ++panel) {
      totals[line][panel] = _mm512_loadu_si512(at.sums + line * size.n + panel * kKernelLanes);
    }
  }
  for (std::size_t k = 0; k < size.k; k += kIntegerDepth) {
    __m512i weights[kPanels];
    for (std::size_t panel = 0; panel < kPanels; ++panel) {
      weights[panel] =
          _mm512_loadu_si512(at.weights + panel * kKernelLanes * size.k + k * kKernelLanes);
    }
    for (std::size_t line = 0; line < kKernelLines; ++line) {
      const __m512i pair = _mm512_set1_epi32(pair_at(at.inputs + line * size.k + k));
      for (std::size_t panel = 0; panel < kPanels; ++panel) {
        totals[line][panel] =
            _mm512_add_epi32(totals[line][panel], _mm512_madd_epi16(pair, weights[panel]));
      }
    }
  }
  for (std::size_t line = 0; line < kKernelLines; ++line) {
    for (std::size_t panel = 0; panel < kPanels; ++panel) {
      _mm512_storeu_si512(at.sums + line * size.n + panel * kKernelLanes, totals[line][panel]);
    }
  }
}

void multiply_avx512(const std::int16_t* inputs, const std::int16_t* weights, std::uint32_t* sums,
                     const ProductSize& size) {
  constexpr std::size_t kAtOnce = 4;  // 16 sums, 4 weights and a pair: 21 of 32 registers
  std::size_t n = 0;
  for (; n + kAtOnce * kKernelLanes <= size.n; n += kAtOnce * kKernelLanes) {
    for (std::size_t m = 0; m < size.m; m += kKernelLines) {
      add_block_avx512<kAtOnce>(block_at(inputs, weights, sums, size, m, n), size);
    }
  }
  for (; n + 2 * kKernelLanes <= size.n; n += 2 * kKernelLanes) {
    for (std::size_t m = 0; m < size.m; m += kKernelLines) {
      add_block_avx512<2>(block_at(inputs, weights, sums, size, m, n), size);
    }
  }
  for (; n < size.n; n += kKernelLanes) {
    for (std::size_t m = 0; m < size.m; m += kKernelLines) {
      add_block_avx512<1>(block_at(inputs, weights, sums, size, m, n), size);
    }
  }
}

/// The same with a panel in two registers.
[[gnu::target("avx2")]] void add_block_avx2(const Block& at, const ProductSize& size) {
  constexpr std::size_t kHalf = kKernelLanes / 2;
  const auto place = [](const void* where) { return static_cast<const __m256i*>(where); };
  __m256i totals[kKernelLines][2];
  for (std::size_t line = 0; line < kKernelLines; ++line) {
    totals[line][0] = _mm256_loadu_si256(place(at.sums + line * size.n));
    totals[line][1] = _mm256_loadu_si256(place(at.sums + line * size.n + kHalf));
  }
  for (std::size_t k = 0; k < size.k; k += kIntegerDepth) {
    const std::int16_t* row = at.weights + k * kKernelLanes;
    const __m256i low = _mm256_loadu_si256(place(row));
    const __m256i high = _mm256_loadu_si256(place(row + kKernelLanes));
    for (std::size_t line = 0; line < kKernelLines; ++line) {
      const __m256i pair = _mm256_set1_epi32(pair_at(at.inputs + line * size.k + k));
      totals[line][0] = _mm256_add_epi32(totals[line][0], _mm256_madd_epi16(pair, low));
      totals[line][1] = _mm256_add_epi32(totals[line][1], _mm256_madd_epi16(pair, high));
    }
  }
  for (std::size_t line = 0; line < kKernelLines; ++line) {
    std::uint32_t* const row = at.sums + line * size.n;
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(row), totals[line][0]);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(row + kHalf), totals[line][1]);
  }
}

void multiply_avx2(const std::int16_t* inputs, const std::int16_t* weights, std::uint32_t* sums,
                   const ProductSize& size) {
  for (std::size_t n = 0; n < size.n; n += kKernelLanes) {
    for (std::size_t m = 0; m < size.m; m += kKernelLines) {
      add_block_avx2(block_at(inputs, weights, sums, size, m, n), size);
    }
  }
}

#endif

/// As many columns as fit a register of AVX-512; narrower machines take several.
using Lanes [[gnu::vector_size(kKernelLanes * sizeof(float))]] = float;

[[gnu::always_inline]] inline void add_in_order(const float* inputs, const float* weights,
                                                float* sums, const ProductSize& size) {
  Lanes totals[kKernelLines];
  for (std::size_t i = 0; i < kKernelLines; ++i) {
    std::memcpy(&totals[i], sums + i * size.n, sizeof(Lanes));
  }
  for (std::size_t k = 0; k < size.k; ++k) {
    Lanes row;
    std::memcpy(&row, weights + k * kKernelLanes, sizeof(Lanes));
    for (std::size_t i = 0; i < kKernelLines; ++i) {
      totals[i] = totals[i] + inputs[i * size.k + k] * row;
    }
  }
  for (std::size_t i = 0; i < kKernelLines; ++i) {
    std::memcpy(sums + i * size.n, &totals[i], sizeof(Lanes));
  }
}

}  // namespace

bool machine_has(IntegerKernel kernel) {
  switch (kernel) {
    case IntegerKernel::Plain:
      return true;
    case IntegerKernel::Avx2:
#ifdef SYSTOLE_X86
      return __builtin_cpu_supports("avx2") != 0;
#else
      return false;
#endif
    case IntegerKernel::Avx512:
#ifdef SYSTOLE_X86
      return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0;
#else
      return false;
#endif
  }
  return false;
}

IntegerKernel best_integer_kernel() {
  for (const IntegerKernel kernel : {IntegerKernel::Avx512, IntegerKernel::Avx2}) {
    if (machine_has(kernel)) {
      return kernel;
    }
  }
  return IntegerKernel::Plain;
}

void multiply_modulo(const std::int16_t* inputs, const std::int16_t* weights, std::uint32_t* sums,
                     const ProductSize& size, IntegerKernel kernel) {
  switch (kernel) {
    case IntegerKernel::Plain:
      multiply_plainly(inputs, weights, sums, size);
      return;
#ifdef SYSTOLE_X86
    case IntegerKernel::Avx2:
      multiply_avx2(inputs, weights, sums, size);
      return;
    case IntegerKernel::Avx512:
      multiply_avx512(inputs, weights, sums, size);
      return;
#else
    case IntegerKernel::Avx2:
    case IntegerKernel::Avx512:
      break;
#endif
  }
  SYSTOLE_CHECK(false, "an integer kernel that this machine does not have");
}

void multiply_modulo(const std::int16_t* inputs, const std::int16_t* weights, std::uint32_t* sums,
                     const ProductSize& size) {
  static const IntegerKernel kBest = best_integer_kernel();
  multiply_modulo(inputs, weights, sums, size, kBest);
}

// One source, compiled for three instruction sets; the loader picks.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
[[gnu::target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")]]
#endif
void multiply_in_order(const float* inputs, const float* weights, float* sums,
                       const ProductSize& size) {
  for (std::size_t n = 0; n < size.n; n += kKernelLanes) {
    for (std::size_t m = 0; m < size.m; m += kKernelLines) {
      add_in_order(inputs + m * size.k, weights + n * size.k, sums + m * size.n + n, size);
    }
  }
}

}  // namespace systole
