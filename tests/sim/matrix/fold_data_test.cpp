#include "sim/matrix/fold_data.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "sim/matrix/fold_kernel.h"

namespace systole::testing {
namespace {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  std::int64_t in(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }
  std::vector<std::int8_t> bytes(std::int64_t count) {
    std::vector<std::int8_t> values(static_cast<std::size_t>(count));
    for (auto& value : values) {
      value = static_cast<std::int8_t>(in(-128, 127));
    }
    return values;
  }

 private:
  std::mt19937_64 engine_;
};

std::int64_t element(const std::vector<std::int8_t>& bytes, std::int64_t address, DataType type) {
  const auto at = static_cast<std::size_t>(address);
  if (type == DataType::Int8) {
    return bytes[at];
  }
  return bytes[at + 1] * 256 + static_cast<std::uint8_t>(bytes[at]);
}

/// The Window's definition, element by element.
std::int64_t activation(const Fold& fold, const std::vector<std::int8_t>& buffer, std::int64_t p,
                        std::int64_t k) {
  const Window& w = fold.window;
  const std::int64_t image = p / (w.out_rows * w.out_cols);
  const std::int64_t oy = w.first_out_row + (p / w.out_cols) % w.out_rows;
  const std::int64_t ox = p % w.out_cols;
  const std::int64_t c = k % w.channels;
  const std::int64_t kx = (k / w.channels) % w.kernel_cols;
  const std::int64_t ky = k / (w.channels * w.kernel_cols);
  const std::int64_t iy = oy * w.stride_rows - w.pad_top + ky * w.dilation_rows;
  const std::int64_t ix = ox * w.stride_cols - w.pad_left + kx * w.dilation_cols;
  if (iy < 0 || iy >= w.in_rows || ix < 0 || ix >= w.in_cols) {
    return w.pad_value;
  }
  const std::int64_t address = w.source.address + image * w.image_pitch +
                               (iy - w.first_in_row) * w.row_pitch + ix * w.pixel_pitch +
                               c * bytes_of(fold.activation_type);
  return element(buffer, address, fold.activation_type);
}

/// A convolution window over `images` images with some channels to spare, and a slice of its fold.
Fold random_fold(Random& random, DataType activation_type) {
  Fold fold;
  fold.activation_type = activation_type;
  Window& w = fold.window;
  const std::int64_t images = random.in(1, 2);
  w.channels = random.in(1, 6);
  w.kernel_rows = random.in(1, 3);
  w.kernel_cols = random.in(1, 3);
  w.stride_rows = random.in(1, 2);
  w.stride_cols = random.in(1, 2);
  w.dilation_rows = random.in(1, 2);
  w.dilation_cols = random.in(1, 2);
  w.pad_top = random.in(0, 2);
  w.pad_left = random.in(0, 2);
  w.in_rows = random.in(1, 9);
  w.in_cols = random.in(1, 9);
  w.out_rows = random.in(1, 4);
  w.out_cols = random.in(1, 4);
  w.first_out_row = random.in(0, 2);
  w.pad_value = static_cast<std::int32_t>(random.in(-128, 127));
  w.pixel_pitch = bytes_of(activation_type) * (w.channels + random.in(0, 3));
  w.row_pitch = w.pixel_pitch * w.in_cols + random.in(0, 5);
  w.image_pitch = w.row_pitch * w.in_rows + random.in(0, 5);
  w.source.address = random.in(0, 20);
  const std::int64_t reduction = w.channels * w.kernel_rows * w.kernel_cols;
  fold.k_first = random.in(0, reduction - 1);
  fold.rows = random.in(1, reduction - fold.k_first);
  fold.cols = random.in(1, 9);
  const std::int64_t positions = images * w.out_rows * w.out_cols;
  fold.first = random.in(0, positions - 1);
  fold.count = random.in(1, positions - fold.first);
  return fold;
}

std::vector<std::int32_t> results_by_definition(const Fold& fold, const Tile& tile,
                                                const std::vector<std::int8_t>& buffer) {
  std::vector<std::int32_t> results;
  for (std::int64_t m = 0; m < fold.count; ++m) {
    for (std::int64_t n = 0; n < fold.cols; ++n) {
      std::int64_t sum = 0;
      for (std::int64_t k = 0; k < fold.rows; ++k) {
        sum += activation(fold, buffer, fold.first + m, fold.k_first + k) *
               element(tile.bytes, (k * fold.cols + n) * bytes_of(tile.type), tile.type);
      }
      results.push_back(static_cast<std::int32_t>(sum));
    }
  }
  return results;
}

class FoldData : public ::testing::TestWithParam<int> {};

TEST_P(FoldData, EqualsTheDefinitionElementByElement) {
  Random random(static_cast<std::uint64_t>(GetParam()));
  for (int i = 0; i < 50; ++i) {
    const DataType activations = random.in(0, 1) == 0 ? DataType::Int8 : DataType::Int16;
    const DataType weights = random.in(0, 1) == 0 ? DataType::Int8 : DataType::Int16;
    const Fold fold = random_fold(random, activations);
    std::vector<std::int8_t> buffer =
        random.bytes(fold.window.source.address + 2 * fold.window.image_pitch);
    const Tile tile{.rows = fold.rows,
                    .cols = fold.cols,
                    .type = weights,
                    .bytes = random.bytes(fold.rows * fold.cols * bytes_of(weights))};
    ASSERT_EQ(fold_sums(fold, fold_inputs(fold, ByteMemory("buffer", buffer)), resident_tile(tile)),
              results_by_definition(fold, tile, buffer));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, FoldData, ::testing::Range(0, 8));

TEST(FoldData, ArrayOutsideASmallerTileHoldsZero) {
  Fold fold;
  fold.rows = 3;
  fold.cols = 2;
  fold.count = 1;
  fold.window.channels = 3;
  std::vector<std::int8_t> buffer{1, 2, 3};
  const Tile tile{.rows = 2, .cols = 1, .bytes = {10, 20}};
  EXPECT_EQ(fold_sums(fold, fold_inputs(fold, ByteMemory("buffer", buffer)), resident_tile(tile)),
            (std::vector<std::int32_t>{1 * 10 + 2 * 20, 0}));
}

TEST(FoldData, ReadOutsideTheBufferIsAnError) {
  Fold fold;
  fold.rows = 3;
  fold.cols = 1;
  fold.count = 1;
  fold.window.channels = 3;
  fold.window.source.address = 1;
  std::vector<std::int8_t> buffer{1, 2, 3};
  const Tile tile{.rows = 3, .cols = 1, .bytes = {1, 1, 1}};
  try {
    static_cast<void>(fold_inputs(fold, ByteMemory("buffer", buffer)));
    FAIL();
  } catch (const InternalError& error) {
    EXPECT_STREQ(error.what(), "buffer address 1 of 3 bytes is outside 0..3");
  }
}

TEST(FoldKernel, WrapsAroundAsHardwareDoes) {
  const std::vector<std::int32_t> activations{32767, 32767, 32767};
  const std::vector<std::int32_t> weights{32767, 32767, 32767};
  std::int32_t result = 0;
  multiply_modulo(activations.data(), weights.data(), &result, 1, 3, 1);
  EXPECT_EQ(result, static_cast<std::int32_t>(3LL * 32767 * 32767 - (1LL << 32U)));
}

class FoldKernelSizes : public ::testing::TestWithParam<std::int64_t> {};

TEST_P(FoldKernelSizes, EqualsThePlainLoop) {
  const std::int64_t cols = GetParam();
  Random random(static_cast<std::uint64_t>(cols));
  for (std::int64_t depth = 1; depth <= 9; ++depth) {
    const std::int64_t rows = 3;
    std::vector<std::int32_t> a(static_cast<std::size_t>(rows * depth));
    std::vector<std::int32_t> w(static_cast<std::size_t>(depth * cols));
    for (auto* values : {&a, &w}) {
      for (auto& value : *values) {
        value = static_cast<std::int32_t>(random.in(-32768, 32767));
      }
    }
    std::vector<std::int32_t> results(static_cast<std::size_t>(rows * cols), -1);
    multiply_modulo(a.data(), w.data(), results.data(), rows, depth, cols);
    for (std::int64_t m = 0; m < rows; ++m) {
      for (std::int64_t n = 0; n < cols; ++n) {
        std::int64_t sum = 0;
        for (std::int64_t k = 0; k < depth; ++k) {
          sum += std::int64_t{a[static_cast<std::size_t>(m * depth + k)]} *
                 w[static_cast<std::size_t>(k * cols + n)];
        }
        ASSERT_EQ(results[static_cast<std::size_t>(m * cols + n)], static_cast<std::int32_t>(sum));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Columns, FoldKernelSizes, ::testing::Values(1, 7, 15, 16, 17, 64, 255));

}  // namespace
}  // namespace systole::testing
