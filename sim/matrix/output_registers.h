#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/matrix/pe_kernels.h"

namespace systole {

/// What is in an output register.
struct OutputView {
  bool held = false;
  bool moving = false;
  std::uint32_t value = 0;
};

/// Output registers of an output-stationary array, one beside each sum. A PE copies its final sum
/// into its register, where it is *held*; when the PE in the last row copies, all held values of
/// its column *move* from the next cycle on, one row down a cycle, and leave at the bottom.
class OutputRegisters {
 public:
  OutputRegisters(std::size_t rows, std::size_t cols);

  /// The value that is visible at the bottom of a column in this cycle; null when there is none.
  [[nodiscard]] const std::uint32_t* at_bottom(std::size_t col) const;
  [[nodiscard]] OutputView at(std::size_t row, std::size_t col) const {
    const std::size_t i = row * cols_ + col;
    return {.held = held_[i] != 0, .moving = moving_[i] != 0, .value = values_[i]};
  }
  /// What row `row` does in this cycle; rows are to be stepped from the last to the first. Good
  /// until the next call.
  [[nodiscard]] const OutputRow& step_of(std::size_t row, const std::uint32_t* copies,
                                         const std::uint32_t* is_float, const std::uint32_t* sums);
  /// After all rows: the columns in which the last row copied let go of what they hold.
  void release(const std::uint32_t* copies_of_last_row);

 private:
  std::size_t rows_;
  std::size_t cols_;
  std::vector<std::uint32_t> values_;  // rows x cols, as the masks
  std::vector<std::uint32_t> held_;
  std::vector<std::uint32_t> moving_;
  std::vector<std::uint32_t> nothing_;  // above the first row
  OutputRow step_{};
};

}  // namespace systole
