#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tests/support_array/array_port.h"

namespace systole::testing {

/// Rows of lanes, all of one length.
using Lanes = std::vector<std::vector<std::uint32_t>>;

/// One pass of the array. All sizes are those of the active array.
struct ArrayFold {
  /// Stationary operand, `rows` x `cols`; empty: the fold keeps the tile of the fold before, and
  /// for output-stationary always.
  Lanes tile;
  Lanes left;  ///< T x `rows`: one per step of the time axis
  Lanes top;   ///< output-stationary: T x `cols`
  bool sliced_left = false;
  bool sliced_other = false;
  bool clears = true;  ///< output-stationary: sums start from zero, else go on from the fold before
  bool drains = true;  ///< output-stationary
  /// Cycles for which each phase (or row of the tile) is withheld after the one before it was
  /// taken; what the list does not reach is offered at once.
  std::vector<int> phase_bubbles;
  std::vector<int> load_bubbles;
};

/// Phases per step of the time axis: 1, 2 with one sliced operand, 4 with two.
[[nodiscard]] int phases_per_step(const ArrayFold& fold);

/// What became of a fold; cycles count from 0, the first after reset.
struct FoldOutcome {
  std::optional<std::int64_t> load_start;  ///< row 0 of its tile entered
  std::int64_t start = -1;                 ///< its first phase entered
  std::int64_t end = -1;                   ///< its last phase entered in the cycle before
  std::int64_t completion = -1;            ///< see CycleOutput
  /// Weight- and input-stationary: T x `cols`, the phases of a step added. Output-stationary:
  /// `rows` x `cols` where the fold drains, else empty.
  Lanes results;

  friend bool operator==(const FoldOutcome&, const FoldOutcome&) = default;
};

/// Runs the folds in order on an array just reset to `config`, as early as the port allows: rows of
/// tiles are offered one tile after the other and phases one fold after the other, neither looks at
/// the other. Throws InternalError when the port says something that no fold explains, or makes no
/// progress.
[[nodiscard]] std::vector<FoldOutcome> run_folds(ArrayPort& port, const ArrayConfig& config,
                                                 std::span<const ArrayFold> folds);

}  // namespace systole::testing
