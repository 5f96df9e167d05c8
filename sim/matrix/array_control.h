#pragma once

#include <cstdint>

#include "arch/chip_spec.h"
#include "sim/matrix/array_phase.h"

namespace systole {

/// What the edge of an array lets in, cycle by cycle, from what is in the array at that moment.
///
/// - Row 0 of a tile: when no tile waits in the shadow registers, or its phase enters in this very
///   cycle. The rows after it: always.
/// - A phase that takes the shadow: from the cycle after the last row of its tile entered.
/// - The last phase of a draining fold (output stationary): R cycles after the one before it, so
///   that the sums before have moved out of the way. Other phases: always.
/// - Without overlap: row 0 of a tile and first phases only when no fold is in the array, and row 0
///   not together with a phase.
/// Throws InternalError for a train of phases that no array executes: a fold that begins twice, or
/// flags that the dataflow does not know.
class ArrayControl {
 public:
  explicit ArrayControl(const MatrixUnitSpec& spec);

  /// A cycle begins in which `completed` folds complete.
  void begin_cycle(std::int64_t completed);
  [[nodiscard]] bool phase_ready(const PhaseFlags& phase) const;
  /// `entering`: the phase that enters in this cycle, or null.
  [[nodiscard]] bool load_ready(const PhaseFlags* entering) const;

  void enter(const PhaseFlags& phase);
  /// Returns the number that the row that enters has in its tile.
  [[nodiscard]] std::uint32_t enter_row();

  [[nodiscard]] std::int64_t cycle() const { return cycle_; }
  [[nodiscard]] std::int64_t folds_inside() const { return folds_inside_; }

 private:
  void check(const PhaseFlags& phase) const;
  [[nodiscard]] bool tile_waits() const { return rows_in_ == rows_; }

  std::int64_t rows_;
  bool loads_;
  bool leaves_sums_;
  bool overlaps_;
  std::int64_t cycle_ = -1;
  std::int64_t rows_in_ = 0;  // of the tile on its way into the shadow registers, or waiting there
  bool fold_is_open_ = false;
  std::int64_t folds_inside_ = 0;   // begun and not completed
  std::int64_t drain_free_at_ = 0;  // the next draining fold's last phase may enter
};

}  // namespace systole
