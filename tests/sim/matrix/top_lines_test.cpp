#include "sim/matrix/top_lines.h"

#include <map>
#include <tuple>

#include <gtest/gtest.h>

#include "tests/sim/support/random_fold.h"

namespace systole::testing {
namespace {

struct Lane {
  std::uint32_t value = 0;
  std::uint32_t tag = 0;
};

class TopLinesOf : public ::testing::TestWithParam<std::tuple<std::size_t, std::size_t>> {};

/// What enters in cycle i is at PE (r, c) in cycle i + r + c, and nowhere else.
TEST_P(TopLinesOf, LanesAreWhereTheirCycleSays) {
  const auto [rows, cols] = GetParam();
  Random random(7);
  TopLines lines(rows, cols);
  std::map<std::size_t, std::vector<Lane>> entered;  // by cycle
  for (std::size_t cycle = 0; cycle < 200; ++cycle) {
    if (cycle > 0) {
      lines.step();
    }
    if (random.one_in(3)) {
      std::vector<std::uint32_t> values(cols);
      for (std::uint32_t& value : values) {
        value = static_cast<std::uint32_t>(random.in(1, 1000));
      }
      const auto tag = static_cast<std::uint32_t>(random.in(0, 9));
      lines.enter(values, tag);
      for (const std::uint32_t value : values) {
        entered[cycle].push_back({.value = value, .tag = tag});
      }
    }
    for (std::size_t r = 0; r < rows; ++r) {
      bool is_empty = true;
      for (std::size_t c = 0; c < cols; ++c) {
        const auto lane = r + c <= cycle ? entered.find(cycle - r - c) : entered.end();
        if (lane == entered.end()) {
          ASSERT_EQ(lines.tags(r)[c], TopLines::kNoTag) << "cycle " << cycle;
          continue;
        }
        is_empty = false;
        ASSERT_EQ(lines.values(r)[c], lane->second[c].value) << "cycle " << cycle;
        ASSERT_EQ(lines.tags(r)[c], lane->second[c].tag) << "cycle " << cycle;
      }
      ASSERT_EQ(lines.is_empty(r), is_empty) << "cycle " << cycle << ", row " << r;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Arrays, TopLinesOf,
                         ::testing::Values(std::tuple{1U, 1U}, std::tuple{1U, 4U},
                                           std::tuple{5U, 1U}, std::tuple{3U, 2U},
                                           std::tuple{2U, 5U}));

}  // namespace
}  // namespace systole::testing
