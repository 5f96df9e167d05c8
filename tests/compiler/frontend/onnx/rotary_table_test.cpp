#include "compiler/frontend/onnx/rotary_table.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace systole {
namespace {

/// Cosines and sines of some positions, columns turning by base^(-i / columns).
std::pair<OnnxConstant, OnnxConstant> tables(double base, std::int64_t first, std::int64_t rows,
                                             std::int64_t columns) {
  std::vector<float> cosines;
  std::vector<float> sines;
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = 0; column < columns; ++column) {
      const double angle =
          static_cast<double>(first + row) *
          std::pow(base, -static_cast<double>(column) / static_cast<double>(columns));
      cosines.push_back(static_cast<float>(std::cos(angle)));
      sines.push_back(static_cast<float>(std::sin(angle)));
    }
  }
  return {OnnxConstant::of_floats({rows, columns}, cosines),
          OnnxConstant::of_floats({rows, columns}, sines)};
}

TEST(RotaryTables, TellTheirBaseAndFirstPosition) {
  for (const double base : {100.0, 10000.0, 500000.0, 1000000.0}) {
    for (const std::int64_t first : {0, 1, 777}) {
      const auto [cosines, sines] = tables(base, first, 40, 64);
      const auto table = rotary_table_of(cosines, sines);
      ASSERT_TRUE(table) << base << " from " << first;
      EXPECT_NEAR(table->base / base, 1.0, 1e-3);
      EXPECT_EQ(table->first, first);
    }
  }
}

TEST(RotaryTables, OtherNumbersAreNone) {
  auto [cosines, sines] = tables(10000, 0, 8, 4);
  std::vector<float> numbers = cosines.floats();
  numbers[13] += 0.01F;
  EXPECT_FALSE(rotary_table_of(OnnxConstant::of_floats({8, 4}, numbers), sines));
  EXPECT_FALSE(rotary_table_of(cosines, cosines));
  EXPECT_FALSE(rotary_table_of(sines, sines));
}

TEST(RotaryTables, ASingleRowOrColumnDoesNotTell) {
  const auto [cosines, sines] = tables(10000, 5, 1, 4);
  EXPECT_FALSE(rotary_table_of(cosines, sines));
  const auto [one_cosine, one_sine] = tables(10000, 0, 8, 1);
  EXPECT_FALSE(rotary_table_of(one_cosine, one_sine));
}

}  // namespace
}  // namespace systole
