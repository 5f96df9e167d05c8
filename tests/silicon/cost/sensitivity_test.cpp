#include "silicon/cost/sensitivity.h"

#include <gtest/gtest.h>

namespace systole {
namespace {

TEST(Sensitivity, PutsFirstWhatChangesTheAnswerMost) {
  const std::vector<double> values{2.0, 3.0, 5.0};
  const std::vector<UncertainInput> inputs{{"a", 1.0, 3.0}, {"b", 2.0, 4.0}, {"c", 4.0, 6.0}};
  // a * b - 10 c: a swings by 2 * 3, b by 2 * 2, c by -20
  const auto answer = [&](std::size_t index, double value) {
    std::vector<double> all = values;
    all[index] = value;
    return all[0] * all[1] - 10.0 * all[2];
  };
  const std::vector<Swing> swings = sensitivity(inputs, answer);
  ASSERT_EQ(swings.size(), 3U);
  EXPECT_EQ(swings[0].name, "c");
  EXPECT_DOUBLE_EQ(swings[0].at_low, -34.0);
  EXPECT_DOUBLE_EQ(swings[0].at_high, -54.0);
  EXPECT_DOUBLE_EQ(swings[0].width(), 20.0);
  EXPECT_EQ(swings[1].name, "a");
  EXPECT_EQ(swings[2].name, "b");
}

TEST(Sensitivity, KeepsTheOrderOfEqualSwings) {
  const std::vector<UncertainInput> inputs{{"first", 0.0, 1.0}, {"second", 0.0, 1.0}};
  const std::vector<Swing> swings =
      sensitivity(inputs, [](std::size_t, double value) { return value; });
  EXPECT_EQ(swings[0].name, "first");
}

}  // namespace
}  // namespace systole
