#pragma once

#include <cstdint>

#include "arch/chip_spec.h"
#include "arch/isa/program.h"

namespace systole::testing {

/// y = clamp(x * w + bias): x of m x k, w of k x n.
struct Gemm {
  std::int64_t m = 1;
  std::int64_t k = 1;
  std::int64_t n = 1;
  DataType inputs = DataType::Bf16;
  DataType weights = DataType::Bf16;
  /// Of y, floating where the sums are; integer sums are clamped to int8.
  DataType outputs = DataType::Bf16;
  float low = 0;  ///< of floating outputs
  float high = 6;
};

/// A program for it on `chip` of any dataflow, with as many slices of k, blocks of n and blocks of
/// m as the array asks for. Tensors: 0 x (host memory, at 0), 1 bias (DRAM, at 0), 2 y (host
/// memory, behind x). Tiles lie in DRAM behind the bias, block of n by block of n, slice of k by
/// slice of k. Sums of the output-stationary dataflow stay in the array over the slices.
/// Requires room for all of x, bias and y in the unified buffer, and m accumulators.
[[nodiscard]] Program gemm_program(const ChipSpec& chip, const Gemm& gemm);

}  // namespace systole::testing
