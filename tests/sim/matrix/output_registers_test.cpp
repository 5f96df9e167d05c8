#include "sim/matrix/output_registers.h"

#include <tuple>
#include <vector>

#include <gtest/gtest.h>

namespace systole::testing {
namespace {

constexpr std::uint32_t kAll = ~0U;
using Lanes = std::vector<std::uint32_t>;

/// One cycle of all rows, from the last to the first. `copies` and `sums` are rows x cols.
RowHazard step(OutputRegisters& registers, std::size_t rows, std::size_t cols, const Lanes& copies,
               const Lanes& sums, bool is_float = false) {
  const Lanes floats(cols, is_float ? kAll : 0);
  RowHazard hazard = RowHazard::None;
  for (std::size_t row = rows; row-- > 0;) {
    const OutputRow& output =
        registers.step_of(row, copies.data() + row * cols, floats.data(), sums.data() + row * cols);
    const RowHazard found = step_row({.cols = cols, .output = &output});
    hazard = found == RowHazard::None ? hazard : found;
  }
  registers.release(copies.data() + (rows - 1) * cols);
  return hazard;
}

class OutputRegistersOf : public ::testing::TestWithParam<std::tuple<std::size_t, std::size_t>> {};

/// PE (r, c) copies in cycle r + c, as the last phase of a fold passes it. The last row of column c
/// copies in cycle rows - 1 + c; from the next cycle on the column leaves, lowest row first: the
/// sum of row r is at the bottom rows - 1 - r cycles later.
TEST_P(OutputRegistersOf, ColumnsLeaveOneRowACycleOnceTheLastRowHasCopied) {
  const auto [rows, cols] = GetParam();
  const auto sum_of = [](std::size_t row, std::size_t col) {
    return static_cast<std::uint32_t>(100 * (row + 1) + col);
  };
  OutputRegisters registers(rows, cols);
  for (std::size_t cycle = 0; cycle < 3 * rows + cols; ++cycle) {
    for (std::size_t c = 0; c < cols; ++c) {
      const std::size_t first = rows + c;  // of the column to leave
      const std::uint32_t* bottom = registers.at_bottom(c);
      const bool leaves = cycle >= first && cycle < first + rows;
      ASSERT_EQ(bottom != nullptr, leaves) << "cycle " << cycle << ", column " << c;
      if (leaves) {
        ASSERT_EQ(*bottom, sum_of(rows - 1 - (cycle - first), c)) << "cycle " << cycle;
      }
    }
    Lanes copies(rows * cols, 0);
    Lanes sums(rows * cols, 0);
    for (std::size_t i = 0; i < sums.size(); ++i) {
      copies[i] = i / cols + i % cols == cycle ? kAll : 0;
      sums[i] = copies[i] == 0 ? 7 : sum_of(i / cols, i % cols);  // what is not copied is not seen
    }
    ASSERT_EQ(step(registers, rows, cols, copies, sums), RowHazard::None) << "cycle " << cycle;
  }
}

INSTANTIATE_TEST_SUITE_P(Arrays, OutputRegistersOf,
                         ::testing::Values(std::tuple{1U, 1U}, std::tuple{1U, 3U},
                                           std::tuple{4U, 1U}, std::tuple{3U, 2U}));

TEST(OutputRegisters, HoldUntilTheLastRowCopies) {
  OutputRegisters registers(2, 1);
  ASSERT_EQ(step(registers, 2, 1, {kAll, 0}, {5, 0}), RowHazard::None);
  for (int cycle = 0; cycle < 4; ++cycle) {
    EXPECT_TRUE(registers.at(0, 0).held);
    EXPECT_FALSE(registers.at(0, 0).moving);
    EXPECT_EQ(registers.at(0, 0).value, 5U);
    EXPECT_EQ(registers.at_bottom(0), nullptr);
    ASSERT_EQ(step(registers, 2, 1, {0, 0}, {0, 0}), RowHazard::None);
  }
}

TEST(OutputRegisters, ACopyOverAHeldSumLosesIt) {
  OutputRegisters registers(2, 1);
  ASSERT_EQ(step(registers, 2, 1, {kAll, 0}, {5, 0}), RowHazard::None);
  EXPECT_EQ(step(registers, 2, 1, {kAll, 0}, {6, 0}), RowHazard::OutputLost);
}

TEST(OutputRegisters, CopyNansAsTheOneNan) {
  OutputRegisters registers(1, 1);
  ASSERT_EQ(step(registers, 1, 1, {kAll}, {0xffc12345}, true), RowHazard::None);
  ASSERT_NE(registers.at_bottom(0), nullptr);
  EXPECT_EQ(*registers.at_bottom(0), 0x7fc00000U);
}

}  // namespace
}  // namespace systole::testing
