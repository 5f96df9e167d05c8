#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "arch/chip_spec.h"
#include "sim/matrix/array_timing.h"
#include "tests/support_array/array_driver.h"

namespace systole::testing {

/// Operands of C[m][n] = sum over k of A[m][k] * W[k][n], as bits of their elements, row-major.
struct Product {
  std::int64_t m = 1;
  std::int64_t n = 1;
  std::int64_t k = 1;
  std::vector<std::uint32_t> a;
  std::vector<std::uint32_t> w;
};

/// The part of a product that a fold computes. Sizes and offsets along the array's axes.
struct FoldPlace {
  std::size_t product = 0;
  std::int64_t first_row = 0;
  std::int64_t first_col = 0;
  std::int64_t first_step = 0;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t steps = 0;
};

/// Products one after the other on one array, cut into folds that follow each other.
struct ProveCase {
  std::uint64_t number = 0;
  MatrixUnitSpec array;  ///< rows, columns, dataflow, overlap
  DataType activation = DataType::Int8;
  DataType weight = DataType::Int8;
  std::int64_t pace = 1;  ///< phases per step: as many as the operands have slices, or drawn
  std::vector<Product> products;
  std::vector<FoldPlace> places;  ///< of the folds
  std::vector<ArrayFold> folds;   ///< what an array is driven with
  std::vector<FoldShape> shapes;  ///< what the closed rules are given
  bool has_bubbles = false;       ///< operands come late, so the closed rules do not apply
};

/// Sizes up to which an array is drawn.
struct ArrayLimits {
  std::int64_t rows = 1;
  std::int64_t cols = 1;
};

/// Those of the RTL's two elaborations.
inline constexpr std::array kRtlLimits = {ArrayLimits{16, 16}, ArrayLimits{5, 19}};

/// The case of that number; the number is the seed. Sizes are 1, primes, and one below, at and one
/// above the array's sides, or anything; one of the limits; every dataflow, overlap and kind of
/// operands comes up.
[[nodiscard]] ProveCase prove_case(std::uint64_t number,
                                   std::span<const ArrayLimits> limits = kRtlLimits);

/// The same with rows of tiles and phases withheld at random.
[[nodiscard]] ProveCase with_bubbles(ProveCase prove_case);

/// The same on PEs that are faster or slower than one slice a cycle, as chips may say: `pace` and
/// shapes are others, folds and results are not.
[[nodiscard]] ProveCase with_other_pace(ProveCase prove_case);

/// The case in full but for operands, several lines.
[[nodiscard]] std::string text_of(const ProveCase& prove_case);

}  // namespace systole::testing
