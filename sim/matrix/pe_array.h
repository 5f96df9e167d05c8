#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "arch/chip_spec.h"
#include "sim/matrix/array_control.h"
#include "sim/matrix/array_phase.h"
#include "sim/matrix/output_registers.h"
#include "sim/matrix/phase_train.h"
#include "sim/matrix/top_lines.h"

namespace systole {

/// A value that is visible at the bottom of a column: int32 modulo 2^32 or a binary32 pattern.
struct ColumnResult {
  std::size_t column = 0;
  std::uint32_t value = 0;
};

/// What shows at the edges of the array in a cycle: registers, hence known when the cycle begins.
struct ArrayView {
  std::span<const ColumnResult> results;  ///< columns ascending; good until the next cycle
  bool completes = false;                 ///< a fold does whose results all leave at the bottom
  bool completes_in_place = false;        ///< one whose sums stay in the PEs does
};

/// What entered in a cycle.
struct ArrayIntake {
  bool row = false;
  bool phase = false;
};

/// What a PE did in the cycle that passed last, for who draws or traces it.
struct PeView {
  bool multiplies = false;
  std::uint32_t left = 0;   ///< what it multiplied, slices as they are
  std::uint32_t other = 0;  ///< by that
  bool keeps = false;       ///< wrote its shadow register
  std::uint32_t kept = 0;
};

/// Systolic array at the level of its PEs: every operand moves through every PE, cycle by cycle.
///
/// Weight and input stationary are one machine, whose rows are fed from the left with the operand
/// that streams. Each PE has an active and a shadow register for the stationary operand; a tile
/// enters row by row at the top and moves down through registers of its own, and the PE keeps the
/// value whose row is its own in the shadow register. A phase that takes the shadow makes the PE
/// swap as it passes. Partial sums move down, one PE a cycle, and leave at the bottom.
/// Output stationary: operands enter from the left and from the top; each PE adds into its sum.
/// After the last phase of a draining fold the sums leave through OutputRegisters.
/// Operands are skewed by registers, row r by r cycles and column c by c: the phase that enters in
/// cycle i is multiplied by PE (r, c) in cycle i + r + c, and what the PE makes of it is visible in
/// the cycle after. docs/array.md draws it; array_timing.h has what follows, in closed form.
///
/// Arithmetic: integers modulo 2^32, 16-bit ones by slices; floating kinds in binary32: each
/// product is rounded, then added, from zero on, in the order in which PEs meet: down the rows (the
/// row axis ascending), or phase by phase where sums stay. A NaN result is 0x7fc00000.
/// Errors: InternalError when a register is overwritten before its value was used, or the phases do
/// not make up folds.
/// Not modelled: back-pressure at the bottom; rows and columns left out; anything electrical.
class PeArray {
 public:
  /// Takes rows, columns, dataflow and overlap of `spec`.
  explicit PeArray(const MatrixUnitSpec& spec);

  /// What shows in the present cycle.
  [[nodiscard]] const ArrayView& visible() const { return visible_; }

  /// The present cycle passes. Offers the next row of a tile (C lanes, or none) and the next phase
  /// (or null); either is taken when the array is ready for it, else it is to be offered again.
  ArrayIntake cycle(std::span<const std::uint32_t> load_row, const Phase* phase);

  [[nodiscard]] PeView pe(std::size_t row, std::size_t col) const;
  /// Of an output-stationary array, in the present cycle.
  [[nodiscard]] OutputView output(std::size_t row, std::size_t col) const;

  /// Whether a fold is inside, or a part of a tile on its way to the shadow registers.
  [[nodiscard]] bool is_busy() const;

 private:
  using Lanes = std::vector<std::uint32_t>;

  void enter(const Phase& phase);
  void move();
  void look();
  void look_at_partial_sums();
  void look_at_outputs();
  [[nodiscard]] RowHazard step_stationary(std::size_t row, SumMix mix);
  [[nodiscard]] RowHazard step_accumulating(std::size_t row, SumMix mix);
  [[noreturn]] void fail(RowHazard hazard, std::size_t row) const;

  std::size_t rows_;
  std::size_t cols_;
  bool loads_;
  ArrayControl control_;
  PhaseTrain train_;
  TopLines top_;

  Lanes sums_;                    // rows x cols: partial sums on their way, or sums that stay
  Lanes active_, shadow_, full_;  // stationary operand; `full` is a mask
  Lanes zeros_;                   // cols: the partial sums that enter at the top
  Lanes ones_;                    // cols: all bits set
  OutputRegisters outputs_;
  std::int64_t folds_leaving_ = 0;    // draining folds from their last phase to completion
  std::size_t left_last_column_ = 0;  // values of the fold that is leaving
  std::int64_t last_load_;            // cycle in which a row entered last
  std::vector<ColumnResult> results_;
  ArrayView visible_;
};

}  // namespace systole
