#include "sim/matrix/output_registers.h"

#include <utility>

namespace systole {

OutputRegisters::OutputRegisters(std::size_t rows, std::size_t cols)
    : rows_(rows),
      cols_(cols),
      values_(rows * cols, 0),
      held_(rows * cols, 0),
      moving_(rows * cols, 0),
      nothing_(cols, 0) {}

const std::uint32_t* OutputRegisters::at_bottom(std::size_t col) const {
  const std::size_t last = (rows_ - 1) * cols_ + col;
  return moving_[last] != 0 ? &values_[last] : nullptr;
}

const OutputRow& OutputRegisters::step_of(std::size_t row, const std::uint32_t* copies,
                                          const std::uint32_t* is_float,
                                          const std::uint32_t* sums) {
  const std::size_t own = row * cols_;
  step_ = {.copies = copies,
           .is_float = is_float,
           .sums = sums,
           .above_values = row == 0 ? nothing_.data() : values_.data() + own - cols_,
           .above_moving = row == 0 ? nothing_.data() : moving_.data() + own - cols_,
           .values = values_.data() + own,
           .held = held_.data() + own,
           .moving = moving_.data() + own};
  return step_;
}

void OutputRegisters::release(const std::uint32_t* copies_of_last_row) {
  for (std::size_t c = 0; c < cols_; ++c) {
    if (copies_of_last_row[c] == 0) {
      continue;
    }
    for (std::size_t i = c; i < values_.size(); i += cols_) {
      moving_[i] |= std::exchange(held_[i], 0);
    }
  }
}

}  // namespace systole
