#include "sim/matrix/fold_data.h"

#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "arch/isa/float_format.h"
#include "arch/isa/mac_kind.h"
#include "tests/sim/support/random_fold.h"

namespace systole::testing {
namespace {

using Patterns = std::vector<std::int32_t>;

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const InternalError& error) {
    return error.what();
  }
  return "no error";
}

/// One operation of the array, by way of double: a product of two operands is exact there, and a
/// sum of two binary32 is rounded to double so finely that rounding it again makes no difference
/// (53 >= 2 * 24 + 2 bits).
float rounded_to_float(double value) {
  return static_cast<float>(value);
}

std::int32_t float_sum(std::int32_t begin, const std::vector<std::pair<double, double>>& factors) {
  float sum = std::bit_cast<float>(begin);
  for (const auto& [a, b] : factors) {
    const float product = rounded_to_float(a * b);
    sum = rounded_to_float(static_cast<double>(sum) + static_cast<double>(product));
  }
  return std::isnan(sum) ? 0x7fc00000 : std::bit_cast<std::int32_t>(sum);
}

std::int32_t integer_sum(std::int32_t begin,
                         const std::vector<std::pair<double, double>>& factors) {
  std::int64_t sum = begin;
  for (const auto& [a, b] : factors) {
    sum += static_cast<std::int64_t>(a) * static_cast<std::int64_t>(b);
  }
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(sum));
}

Patterns sums_by_definition(const Fold& fold, const Tile& tile,
                            const std::vector<std::int8_t>& buffer, const Patterns& held) {
  const bool floats = sums_in_float(*mac_kind(fold.activation_type, fold.weight_type));
  Patterns sums;
  for (std::int64_t m = 0; m < fold.count; ++m) {
    for (std::int64_t n = 0; n < fold.cols; ++n) {
      std::vector<std::pair<double, double>> factors;
      for (std::int64_t k = 0; k < fold.rows; ++k) {
        factors.emplace_back(activation(fold, buffer, fold.first + m, fold.k_first + k),
                             element(tile.bytes, 0, k * fold.cols + n, tile.type));
      }
      const std::int32_t begin = held.empty() ? 0 : held[sums.size()];
      sums.push_back(floats ? float_sum(begin, factors) : integer_sum(begin, factors));
    }
  }
  return sums;
}

struct Operands {
  DataType activations;
  DataType weights;
};

class FoldSums : public ::testing::TestWithParam<Operands> {};

TEST_P(FoldSums, EqualTheDefinitionElementByElement) {
  const auto [activations, weights] = GetParam();
  const bool floats = is_float(weights);
  Random random(static_cast<std::uint64_t>(activations) * 16 + static_cast<std::uint64_t>(weights));
  for (int i = 0; i < 60; ++i) {
    const Fold fold = random_fold(random, activations, weights);
    std::vector<std::int8_t> buffer = random.bytes(buffer_bytes(fold));
    const Tile tile{.rows = fold.rows,
                    .cols = fold.cols,
                    .type = weights,
                    .bytes = random.bytes(bytes_of(weights, fold.rows * fold.cols))};
    Patterns held;
    if (random.one_in(2)) {
      for (std::int64_t sum = 0; sum < fold.count * fold.cols; ++sum) {
        const std::int64_t value = random.in(-0x7fffffff, 0x7fffffff);
        held.push_back(floats ? std::bit_cast<std::int32_t>(static_cast<float>(value))
                              : static_cast<std::int32_t>(value));
      }
    }
    const FoldInputs inputs = fold_inputs(fold, ByteMemory("buffer", buffer));
    ASSERT_EQ(fold_sums(fold, inputs, resident_tile(tile), held),
              sums_by_definition(fold, tile, buffer, held));
  }
}

INSTANTIATE_TEST_SUITE_P(EveryKind, FoldSums,
                         ::testing::Values(Operands{DataType::Int8, DataType::Int8},
                                           Operands{DataType::Int8, DataType::Int16},
                                           Operands{DataType::Int16, DataType::Int8},
                                           Operands{DataType::Int16, DataType::Int16},
                                           Operands{DataType::Int4, DataType::Int4},
                                           Operands{DataType::Fp8E4M3, DataType::Fp8E4M3},
                                           Operands{DataType::Fp8E4M3, DataType::Fp8E5M2},
                                           Operands{DataType::Fp8E5M2, DataType::Fp8E4M3},
                                           Operands{DataType::Fp8E5M2, DataType::Fp8E5M2},
                                           Operands{DataType::Fp16, DataType::Fp16},
                                           Operands{DataType::Bf16, DataType::Bf16}),
                         [](const auto& operands) {
                           return std::string(name_of(operands.param.activations)) + "_x_" +
                                  std::string(name_of(operands.param.weights));
                         });

/// A fold of `count` rows of numbers that the type holds exactly, by a tile.
struct Product {
  DataType type = DataType::Bf16;
  std::int64_t count = 1;
  std::vector<float> activations;  // count x rows
  std::vector<float> weights;      // rows x 1

  [[nodiscard]] std::vector<std::int8_t> encoded(const std::vector<float>& numbers) const {
    std::vector<std::int8_t> bytes;
    for (const float number : numbers) {
      const std::uint32_t pattern = rounded(float_format(type), number);
      for (std::int64_t byte = 0; byte < bytes_of(type); ++byte) {
        bytes.push_back(static_cast<std::int8_t>(pattern >> (8 * byte) & 255U));
      }
    }
    return bytes;
  }
  [[nodiscard]] Fold fold() const {
    Fold fold;
    fold.activation_type = fold.weight_type = type;
    fold.rows = static_cast<std::int64_t>(weights.size());
    fold.cols = 1;
    fold.count = count;
    Window& window = fold.window.edit();
    window.channels = fold.rows;
    window.in_cols = window.out_cols = count;
    window.pixel_pitch = fold.rows * bytes_of(type);
    return fold;
  }
  [[nodiscard]] Patterns sums(const Patterns& held = {}) const {
    std::vector<std::int8_t> bytes = encoded(activations);
    const Tile tile{.rows = static_cast<std::int64_t>(weights.size()),
                    .cols = 1,
                    .type = type,
                    .bytes = encoded(weights)};
    return fold_sums(fold(), fold_inputs(fold(), ByteMemory("buffer", bytes)), resident_tile(tile),
                     held);
  }
};

TEST(FoldSums, SlicesOfTheReductionGoOnWithWhatThePesHold) {
  // Order matters: ((2^24 + 1) + 1) stays 2^24 in any cut of the reduction.
  const Product whole{.activations = {0x1p24F, 1, 1, 1}, .weights = {1, 1, 1, 1}};
  const Product first{.activations = {0x1p24F, 1}, .weights = {1, 1}};
  const Product second{.activations = {1, 1}, .weights = {1, 1}};
  EXPECT_EQ(second.sums(first.sums()), whole.sums());
  EXPECT_EQ(whole.sums(), Patterns{std::bit_cast<std::int32_t>(0x1p24F)});
}

TEST(FoldSums, InfinitiesAndNansBecomeTheOneNan) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ((Product{.activations = {kInfinity, 1}, .weights = {1, 1}}.sums()),
            Patterns{0x7f800000});
  EXPECT_EQ((Product{.activations = {kInfinity, kInfinity}, .weights = {1, -1}}.sums()),
            Patterns{0x7fc00000});
  EXPECT_EQ((Product{.activations = {std::nanf(""), 1}, .weights = {-1, 1}}.sums()),
            Patterns{0x7fc00000});
  EXPECT_EQ((Product{.activations = {1}, .weights = {1}}.sums({-1})), Patterns{0x7fc00000})
      << "a NaN among what is held";
}

TEST(FoldSums, SmallestNumbersOfEachTypeCount) {
  // 2^-24 and 2^-24 of fp16 make 2^-48; 2^-133 of bf16 times 2^-16 makes the smallest subnormal.
  EXPECT_EQ(
      (Product{.type = DataType::Fp16, .activations = {0x1p-24F}, .weights = {0x1p-24F}}.sums()),
      Patterns{std::bit_cast<std::int32_t>(0x1p-48F)});
  EXPECT_EQ((Product{.activations = {0x1p-133F}, .weights = {0x1p-16F}}.sums()), Patterns{1});
}

TEST(FoldSums, ArrayOutsideASmallerTileHoldsZero) {
  Fold fold;
  fold.rows = 3;
  fold.cols = 2;
  fold.count = 1;
  fold.window.edit().channels = 3;
  std::vector<std::int8_t> buffer{1, 2, 3};
  const Tile tile{.rows = 2, .cols = 1, .bytes = {10, 20}};
  EXPECT_EQ(fold_sums(fold, fold_inputs(fold, ByteMemory("buffer", buffer)), resident_tile(tile)),
            (Patterns{1 * 10 + 2 * 20, 0}));
}

TEST(FoldSums, MoreRowsThanAChunk) {
  Random random(9);
  Product product{.type = DataType::Fp16, .count = 200, .activations = {}, .weights = {}};
  for (int k = 0; k < 5; ++k) {
    product.weights.push_back(static_cast<float>(random.in(-100, 100)));
  }
  Patterns expected;
  Patterns held;
  for (int m = 0; m < 200; ++m) {
    float sum = static_cast<float>(m);
    held.push_back(std::bit_cast<std::int32_t>(sum));
    for (int k = 0; k < 5; ++k) {
      product.activations.push_back(static_cast<float>(random.in(-100, 100)));
      sum += product.activations.back() * product.weights[static_cast<std::size_t>(k)];
    }
    expected.push_back(std::bit_cast<std::int32_t>(sum));  // exact: small integers
  }
  EXPECT_EQ(product.sums(held), expected);
}

TEST(FoldSums, OperandsMustBeTheFolds) {
  const Product product{.activations = {1, 2}, .weights = {3, 4}};
  std::vector<std::int8_t> bytes(16);
  const ByteMemory buffer("buffer", bytes);
  Fold fold = product.fold();
  const FoldInputs inputs = fold_inputs(fold, buffer);
  const ResidentTile tile =
      resident_tile({.rows = 2, .cols = 1, .type = DataType::Bf16, .bytes = {0, 0, 0, 0}});
  const auto error = [&](const ResidentTile& weights, const Patterns& held = {}) {
    return error_of([&] { static_cast<void>(fold_sums(fold, inputs, weights, held)); });
  };
  EXPECT_EQ(error(tile), "no error");
  ResidentTile other = tile;
  other.type = DataType::Fp16;
  EXPECT_THAT(error(other),
              ::testing::HasSubstr("operands of types bf16 and fp16 for a fold of bf16 and bf16"));
  fold.weight_type = DataType::Fp16;
  EXPECT_THAT(error(other), ::testing::HasSubstr("operands of types bf16 and fp16 in the array"));
  fold = product.fold();
  EXPECT_THAT(error(tile, {1, 2}), ::testing::HasSubstr("a fold of 1 x 1 sums goes on with 2"));
  fold.count = 2;
  EXPECT_THAT(error(tile), ::testing::HasSubstr("inputs of 1 x 2 for a fold of 2 x 2"));
}

}  // namespace
}  // namespace systole::testing
