#pragma once

#include <cstddef>
#include <cstdint>

namespace systole {

/// The loops of data-carrying runs. Whole blocks alone: sizes are rounded up as below, and what is
/// added holds zeros. AVX-512 or AVX2 code is chosen when the machine has it; the results are the
/// same.

/// Blocks of rows (m) of both kernels.
inline constexpr std::size_t kKernelLines = 4;
/// Columns (n) per step: the width of a panel of weights.
inline constexpr std::size_t kKernelLanes = 16;
/// Integer reduction (k) per step: neighbours in k lie side by side in a panel.
inline constexpr std::size_t kIntegerDepth = 2;

[[nodiscard]] constexpr std::size_t rounded_up(std::size_t size, std::size_t block) {
  return (size + block - 1) / block * block;
}

/// A product of m x k inputs and k x n weights.
struct ProductSize {
  std::size_t m = 0;
  std::size_t k = 0;
  std::size_t n = 0;
};

/// sums[m][n] += sum over k of inputs[m][k] * weights[k][n], modulo 2^32; inputs and sums are
/// row-major and packed, weights a panel of k x kKernelLanes after the other, in each of them
/// weights[k][n] and weights[k + 1][n] for even k side by side. m is a multiple of kKernelLines, k
/// of kIntegerDepth, n of kKernelLanes.
void multiply_modulo(const std::int16_t* inputs, const std::int16_t* weights, std::uint32_t* sums,
                     const ProductSize& size);

/// What multiply_modulo() chooses from; the results are the same. Tests name one.
enum class IntegerKernel : std::uint8_t { Plain, Avx2, Avx512 };
[[nodiscard]] bool machine_has(IntegerKernel kernel);
void multiply_modulo(const std::int16_t* inputs, const std::int16_t* weights, std::uint32_t* sums,
                     const ProductSize& size, IntegerKernel kernel);

/// For k = 0, 1, ...: sums[m][n] = sums[m][n] + inputs[m][k] * weights[k][n], product and sum each
/// rounded to binary32, ties to even, subnormals kept; inputs and sums are row-major and packed,
/// weights a panel of k x kKernelLanes after the other. m is a multiple of kKernelLines, n of
/// kKernelLanes. The payload of a NaN is not specified.
void multiply_in_order(const float* inputs, const float* weights, float* sums,
                       const ProductSize& size);

}  // namespace systole
