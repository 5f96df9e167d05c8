#pragma once

#include <cstdint>
#include <vector>

#include "arch/isa/program.h"
#include "sim/matrix/weight_fifo.h"
#include "tests/prove/prove_case.h"
#include "tests/support_array/array_driver.h"

namespace systole::testing {

/// Where the folds of a case put their sums.
enum class UnitEntries : std::uint8_t {
  OfEachFold,  ///< each fold into entries of its own, as it computes them
  OfProducts,  ///< added up in the entries of their product, as programs do
};

/// The folds of a case as a program for a matrix unit, and the operands they need.
/// A fold may stream for longer than a tile of a chip is wide (input stationary) or deep (output
/// stationary), so that the rules are tried where no program of a chip can go; neither the unit nor
/// the array knows that limit.
struct UnitProgram {
  Program program;                  ///< of the matrix unit alone
  std::vector<std::int8_t> buffer;  ///< activations: of each fold a packed matrix of its own
  std::vector<Tile> tiles;          ///< in the order in which folds ask for them
  std::int64_t entries = 0;         ///< of the accumulators
  std::int64_t entry_cols = 0;
};

[[nodiscard]] UnitProgram unit_program(const ProveCase& prove_case, UnitEntries entries);

/// Indices of a product that a fold covers along one of its axes.
struct IndexSpan {
  std::int64_t first = 0;
  std::int64_t count = 0;
};
struct FoldSpans {
  IndexSpan m;
  IndexSpan n;
  IndexSpan k;
};
[[nodiscard]] FoldSpans spans_of(const ProveCase& prove_case, const FoldPlace& place);

}  // namespace systole::testing
