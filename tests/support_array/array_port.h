#pragma once

#include <cstdint>
#include <vector>

namespace systole::testing {

/// Which operand stays in the PEs. Weight- and input-stationary are one machine with the roles of
/// the operands exchanged, so an ArrayPort treats them alike.
enum class ArrayDataflow : std::uint8_t { WeightStationary, InputStationary, OutputStationary };

/// What a systolic array is for one sequence of folds.
struct ArrayConfig {
  ArrayDataflow dataflow = ArrayDataflow::WeightStationary;
  int rows = 1;  ///< active rows and columns, at most what the implementation has
  int cols = 1;
  bool overlap_none = false;  ///< loads and folds wait until the fold before has completed
  bool floating = false;      ///< operands and results are binary32 patterns, else integers
};

/// One cycle's worth of streaming. Operands are 32-bit lanes: an integer of up to 16 bits is
/// sign-extended, a float is the binary32 pattern that equals it.
struct PhaseInput {
  std::vector<std::uint32_t> left;  ///< one per active row
  std::vector<std::uint32_t> top;   ///< output-stationary: one per active column; else empty
  bool first = false;               ///< of its fold
  bool last = false;                ///< of its fold
  bool takes_shadow = false;  ///< not output-stationary: PEs take the waiting tile as it passes
  bool clears = false;        ///< output-stationary: sums start from zero
  bool drains = false;        ///< output-stationary, with `last`: sums leave the array afterwards
  /// A 16-bit operand is multiplied by slices: 0 is its unsigned low byte, 1 its signed high byte.
  /// An operand that is not sliced has slice 0 and fits in 9 signed bits. Never sliced: floats.
  bool sliced_left = false;
  bool sliced_other = false;  ///< the stationary operand, or the top one (output-stationary)
  int left_slice = 0;
  int other_slice = 0;

  friend bool operator==(const PhaseInput&, const PhaseInput&) = default;
};

/// A value that is visible at the bottom of a column.
struct ColumnResult {
  int column = 0;
  std::uint32_t value = 0;  ///< int32 modulo 2^32, or a binary32 pattern

  friend bool operator==(const ColumnResult&, const ColumnResult&) = default;
};

/// What one cycle showed, before its closing clock edge.
struct CycleOutput {
  bool load_taken = false;
  bool phase_taken = false;
  std::vector<ColumnResult> results;  ///< columns ascending, at most one of each
  /// The last result of a fold is visible in this cycle. Output-stationary: of a fold that drains.
  bool fold_completed = false;
  /// Output-stationary only: a fold that does not drain completes, its last sum is in its PE.
  bool undrained_fold_completed = false;

  friend bool operator==(const CycleOutput&, const CycleOutput&) = default;
};

/// A systolic array of R x C PEs, seen cycle by cycle from its edges. The port decides when a row
/// or a phase is taken; who drives it only offers them, in order, and never computes a start cycle.
///
/// Weight- and input-stationary: a tile is R rows of C values, row 0 first. A phase that takes the
/// shadow waits until the cycle after the last row of its tile entered; row 0 of a tile waits until
/// no tile is in the shadow registers, or the one there is taken in this very cycle. Every phase
/// yields one result per column. Output-stationary: nothing is loaded; a draining fold yields R
/// results per column, row R-1 first.
/// Errors: InternalError for input that breaks these rules, or a hazard inside the array.
/// Not modelled: back-pressure at the bottom; results are to be taken in the cycle they show.
class ArrayPort {
 public:
  ArrayPort() = default;
  ArrayPort(const ArrayPort&) = delete;
  ArrayPort& operator=(const ArrayPort&) = delete;
  virtual ~ArrayPort() = default;

  /// Empties the array and starts anew with `config`.
  virtual void reset(const ArrayConfig& config) = 0;

  /// One clock cycle: offers a row of a tile (`config.cols` values) and a phase, either may be
  /// null; says what was taken and what is visible at the bottom in this cycle.
  virtual CycleOutput cycle(const std::vector<std::uint32_t>* load_row,
                            const PhaseInput* phase) = 0;
};

}  // namespace systole::testing
