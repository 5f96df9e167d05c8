#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/matrix/array_phase.h"

namespace systole {

/// The registers in which left operands, and the flags that go with them, move through an array of
/// R x C PEs: row r is entered r cycles late, and every cycle takes a value one PE to the right. A
/// phase is of age 0 in the cycle in which it enters; PE (r, c) sees the phase of age r + c.
///
/// Each row's registers are a window on a line of memory that moves back by one lane per cycle: the
/// values stay where they are and the window passes over them, as all registers clock at once.
class PhaseTrain {
 public:
  PhaseTrain(std::size_t rows, std::size_t cols);

  /// One clock edge; `phase` enters, or a bubble does (null).
  void step(const Phase* phase);

  /// Lanes of the PEs (row, 0), (row, 1), ... in this cycle.
  [[nodiscard]] const std::uint32_t* left(std::size_t row) const {
    return left_.data() + row * line_ + head_ + row;
  }
  /// Lanes by age, from `age` on; those of row r begin at age r. Masks (pe_kernels.h).
  [[nodiscard]] const std::uint32_t* takes(std::size_t age) const { return lane(takes_, age); }
  [[nodiscard]] const std::uint32_t* other_mask(std::size_t age) const {
    return lane(other_mask_, age);
  }
  [[nodiscard]] const std::uint32_t* keep(std::size_t age) const { return lane(keep_, age); }
  [[nodiscard]] const std::uint32_t* adds(std::size_t age) const { return lane(adds_, age); }
  [[nodiscard]] const std::uint32_t* is_float(std::size_t age) const {
    return lane(is_float_, age);
  }
  /// The last phase of a draining fold.
  [[nodiscard]] const std::uint32_t* drains(std::size_t age) const { return lane(drains_, age); }
  /// The last phase of a fold.
  [[nodiscard]] const std::uint32_t* ends(std::size_t age) const { return lane(ends_, age); }

  /// Whether a phase that takes the shadow is within the ages first .. last.
  [[nodiscard]] bool has_take(std::size_t first, std::size_t last) const;
  /// Phases with floating and with integer sums among all ages kept.
  [[nodiscard]] bool has_floats() const { return floats_ > 0; }
  [[nodiscard]] bool has_integers() const { return integers_ > 0; }

 private:
  using Lanes = std::vector<std::uint32_t>;
  [[nodiscard]] const std::uint32_t* lane(const Lanes& lanes, std::size_t age) const {
    return lanes.data() + head_ + age;
  }
  void make_room();
  void enter(const Phase* phase);

  std::size_t rows_;
  std::size_t ages_;                                                   // kept: 0 .. rows + cols
  std::size_t line_;                                                   // lanes of a line of memory
  std::size_t head_;                                                   // lane of age 0
  Lanes left_;                                                         // rows x line
  Lanes takes_, other_mask_, keep_, adds_, is_float_, drains_, ends_;  // one line each
  std::vector<std::int64_t> takes_at_;  // cycles in which phases of takes_ entered, oldest first
  std::int64_t now_ = -1;
  std::int64_t floats_ = 0;
  std::int64_t integers_ = 0;
};

}  // namespace systole
