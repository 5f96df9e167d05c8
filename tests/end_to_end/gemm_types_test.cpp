#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <dnnl.hpp>
#include <gtest/gtest.h>

#include "arch/dataflow.h"
#include "arch/isa/float_format.h"
#include "arch/isa/mac_kind.h"
#include "compiler/verify/verify.h"
#include "sim/simulate.h"
#include "tests/compiler/verify/support/gemm_program.h"
#include "tests/sim/support/random_fold.h"
#include "tests/sim/support/small_chip.h"

namespace systole::testing {
namespace {

using Bytes8 = std::vector<std::int8_t>;

/// Patterns of the type's numbers between 2^-6 and 4 in magnitude, and zero; of integers all.
std::vector<std::uint32_t> patterns_of(DataType type) {
  std::vector<std::uint32_t> patterns;
  const Bytes8 empty(4);
  for (std::uint32_t pattern = 0; pattern < std::uint32_t{1} << bits_of(type); ++pattern) {
    Bytes8 bytes = empty;
    bytes[0] = static_cast<std::int8_t>(pattern & 255U);
    bytes[1] = static_cast<std::int8_t>(pattern >> 8U);
    const double magnitude = std::fabs(element(bytes, 0, 0, type));
    if (!is_float(type) || magnitude == 0 || (magnitude >= 0x1p-6 && magnitude <= 4)) {
      patterns.push_back(pattern);
    }
  }
  return patterns;
}

/// Rows of elements, each row beginning with a byte of its own.
Bytes8 random_rows(Random& random, DataType type, std::int64_t rows, std::int64_t cols) {
  const std::vector<std::uint32_t> patterns = patterns_of(type);
  const auto last = static_cast<std::int64_t>(patterns.size()) - 1;
  Bytes8 bytes(static_cast<std::size_t>(rows * bytes_of(type, cols)));
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t col = 0; col < cols; ++col) {
      const std::uint32_t pattern = patterns[static_cast<std::size_t>(random.in(0, last))];
      const std::int64_t bit = col * bits_of(type);
      const auto at = static_cast<std::size_t>(row * bytes_of(type, cols) + bit / 8);
      bytes[at] = static_cast<std::int8_t>(bytes[at] | static_cast<int>(pattern << (bit % 8)));
      if (bits_of(type) == 16) {
        bytes[at + 1] = static_cast<std::int8_t>(pattern >> 8U);
      }
    }
  }
  return bytes;
}

/// A product with its data, and the run of its program.
struct GemmRun {
  GemmRun(const ChipSpec& chip_spec, const Gemm& wanted, std::uint64_t seed)
      : chip(chip_spec), gemm(wanted), program(gemm_program(chip, gemm)) {
    Random random(seed);
    x = random_rows(random, gemm.inputs, gemm.m, gemm.k);
    for (std::int64_t n = 0; n < gemm.n; ++n) {
      const std::int64_t eighths = random.in(-40, 40);
      bias.push_back(is_float(gemm.outputs)
                         ? std::bit_cast<std::int32_t>(static_cast<float>(eighths) / 8)
                         : static_cast<std::int32_t>(eighths));
    }
    for (const WeightTile& tile : program.tiles) {
      tiles.push_back(random_rows(random, gemm.weights, 1, tile.rows * tile.cols));
    }
  }

  /// What y holds at the end.
  Bytes8 simulated() const {
    EXPECT_EQ(verify(chip, program).value_or("safe"), "safe");
    Bytes8 host(static_cast<std::size_t>(program.host_bytes));
    std::copy(x.begin(), x.end(), host.begin());
    Bytes8 dram(static_cast<std::size_t>(program.dram_bytes));
    for (std::size_t n = 0; n < bias.size(); ++n) {
      for (std::size_t byte = 0; byte < 4; ++byte) {
        dram[4 * n + byte] =
            static_cast<std::int8_t>(static_cast<std::uint32_t>(bias[n]) >> (8 * byte) & 255U);
      }
    }
    for (std::size_t tile = 0; tile < tiles.size(); ++tile) {
      std::copy(tiles[tile].begin(), tiles[tile].end(),
                dram.begin() + program.tiles[tile].dram_address);
    }
    const RunData data{.dram = &dram, .host = &host};
    static_cast<void>(simulate(chip, program, &data));
    return {host.begin() + static_cast<std::ptrdiff_t>(x.size()), host.end()};
  }

  [[nodiscard]] double input(std::int64_t m, std::int64_t k) const {
    return element(x, m * bytes_of(gemm.inputs, gemm.k), k, gemm.inputs);
  }
  [[nodiscard]] double weight(std::int64_t k, std::int64_t n) const {
    for (std::size_t i = 0; i < tiles.size(); ++i) {
      const WeightTile& tile = program.tiles[i];
      if (k >= tile.k_first && k < tile.k_first + tile.rows && n >= tile.n_first &&
          n < tile.n_first + tile.cols) {
        return element(tiles[i], 0, (k - tile.k_first) * tile.cols + n - tile.n_first,
                       gemm.weights);
      }
    }
    ADD_FAILURE() << "no tile holds weight " << k << ", " << n;
    return 0;
  }

  ChipSpec chip;
  Gemm gemm;
  Program program;
  Bytes8 x;
  std::vector<std::int32_t> bias;
  std::vector<Bytes8> tiles;
};

/// One addition of the array: double holds the sum of two binary32 so finely that rounding it to
/// binary32 is the only rounding that counts.
float added(float a, float b) {
  return static_cast<float>(static_cast<double>(a) + static_cast<double>(b));
}

/// The sum in the documented order. Where sums stay in the array there is one chain over the whole
/// reduction; else each slice of the array's rows begins with zero, and the accumulators add them.
float ordered_sum(const GemmRun& run, std::int64_t m, std::int64_t n) {
  const bool stays = rule_of(run.chip.matrix.dataflow).unloads_outputs;
  float total = 0;
  float slice = 0;
  for (std::int64_t k = 0; k < run.gemm.k; ++k) {
    if (!stays && k > 0 && k % run.chip.matrix.rows == 0) {
      total = k == run.chip.matrix.rows ? slice : added(total, slice);
      slice = 0;
    }
    slice = added(slice, static_cast<float>(run.input(m, k) * run.weight(k, n)));
  }
  const bool one_slice = stays || run.gemm.k <= run.chip.matrix.rows;
  return one_slice ? slice : added(total, slice);
}

Bytes8 expected_floats(const GemmRun& run) {
  const Gemm& gemm = run.gemm;
  Bytes8 bytes;
  for (std::int64_t m = 0; m < gemm.m; ++m) {
    for (std::int64_t n = 0; n < gemm.n; ++n) {
      const auto bias = std::bit_cast<float>(run.bias[static_cast<std::size_t>(n)]);
      const float sum = added(ordered_sum(run, m, n), bias);
      const std::uint32_t pattern =
          rounded(float_format(gemm.outputs), std::clamp(sum, gemm.low, gemm.high));
      for (std::int64_t byte = 0; byte < bytes_of(gemm.outputs); ++byte) {
        bytes.push_back(static_cast<std::int8_t>(pattern >> (8 * byte) & 255U));
      }
    }
  }
  return bytes;
}

Bytes8 expected_integers(const GemmRun& run) {
  Bytes8 bytes;
  for (std::int64_t m = 0; m < run.gemm.m; ++m) {
    for (std::int64_t n = 0; n < run.gemm.n; ++n) {
      std::int64_t sum = run.bias[static_cast<std::size_t>(n)];
      for (std::int64_t k = 0; k < run.gemm.k; ++k) {
        sum += static_cast<std::int64_t>(run.input(m, k) * run.weight(k, n));
      }
      const auto wrapped = static_cast<std::int32_t>(static_cast<std::uint32_t>(sum));
      bytes.push_back(static_cast<std::int8_t>(std::clamp(wrapped, -128, 127)));
    }
  }
  return bytes;
}

struct Case {
  Dataflow dataflow = Dataflow::WeightStationary;
  ArrayModel model = ArrayModel::Tile;
  DataType inputs = DataType::Bf16;
  DataType weights = DataType::Bf16;
  DataType outputs = DataType::Fp32;
};

std::vector<Case> cases() {
  std::vector<Case> cases;
  const std::vector<Case> kinds{
      {.inputs = DataType::Int8, .weights = DataType::Int8, .outputs = DataType::Int8},
      {.inputs = DataType::Int8, .weights = DataType::Int16, .outputs = DataType::Int8},
      {.inputs = DataType::Int16, .weights = DataType::Int16, .outputs = DataType::Int8},
      {.inputs = DataType::Int4, .weights = DataType::Int4, .outputs = DataType::Int8},
      {.inputs = DataType::Bf16, .weights = DataType::Bf16, .outputs = DataType::Fp32},
      {.inputs = DataType::Bf16, .weights = DataType::Bf16, .outputs = DataType::Bf16},
      {.inputs = DataType::Fp16, .weights = DataType::Fp16, .outputs = DataType::Fp16},
      {.inputs = DataType::Fp8E4M3, .weights = DataType::Fp8E5M2, .outputs = DataType::Fp8E4M3},
      {.inputs = DataType::Fp8E5M2, .weights = DataType::Fp8E4M3, .outputs = DataType::Fp8E5M2},
  };
  for (const auto& [dataflow, dataflow_name] : kEnumNames<Dataflow>) {
    for (const auto& [model, model_name] : kEnumNames<ArrayModel>) {
      for (Case kind : kinds) {
        kind.dataflow = dataflow;
        kind.model = model;
        cases.push_back(kind);
      }
    }
  }
  return cases;
}

std::string text_of(const Case& gemm) {
  std::string text;
  for (const std::string_view word :
       {name_of(gemm.dataflow), name_of(gemm.model), name_of(gemm.inputs), name_of(gemm.weights),
        name_of(gemm.outputs)}) {
    text += (text.empty() ? "" : "_") + std::string(word);
  }
  return text;
}

class GemmOfTypes : public ::testing::TestWithParam<Case> {};

TEST_P(GemmOfTypes, GivesTheDocumentedBits) {
  const Case& wanted = GetParam();
  ChipSpec chip = small_chip();  // 8 x 4 PEs: three slices of k, two blocks of n
  chip.matrix.dataflow = wanted.dataflow;
  chip.matrix.model = wanted.model;
  const GemmRun run(chip,
                    {.m = 7,
                     .k = 20,
                     .n = 6,
                     .inputs = wanted.inputs,
                     .weights = wanted.weights,
                     .outputs = wanted.outputs,
                     .low = -8,
                     .high = 20},
                    7);
  EXPECT_EQ(run.simulated(),
            is_float(wanted.outputs) ? expected_floats(run) : expected_integers(run));
}

INSTANTIATE_TEST_SUITE_P(All, GemmOfTypes, ::testing::ValuesIn(cases()),
                         [](const auto& gemm) { return text_of(gemm.param); });

TEST(GemmOfTypes, OrdersOfAdditionDiffer) {
  ChipSpec chip = small_chip();
  const Gemm gemm{.m = 7, .k = 20, .n = 6, .outputs = DataType::Fp32, .low = -1e9, .high = 1e9};
  const GemmRun slices(chip, gemm, 7);
  chip.matrix.dataflow = Dataflow::OutputStationary;
  const GemmRun whole(chip, gemm, 7);
  EXPECT_EQ(slices.x, whole.x);
  EXPECT_NE(expected_floats(slices), expected_floats(whole)) << "the other test is not blind";
}

/// x * w by oneDNN, from bf16 to fp32; from fp32 where the machine has no bf16 kernel, which gives
/// the same products.
std::vector<float> one_dnn_product(const GemmRun& run) {
  using dnnl::memory;
  const Gemm& gemm = run.gemm;
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  std::vector<float> x;
  std::vector<float> w;
  for (std::int64_t k = 0; k < gemm.k; ++k) {
    for (std::int64_t n = 0; n < gemm.n; ++n) {
      w.push_back(static_cast<float>(run.weight(k, n)));
    }
  }
  for (std::int64_t m = 0; m < gemm.m; ++m) {
    for (std::int64_t k = 0; k < gemm.k; ++k) {
      x.push_back(static_cast<float>(run.input(m, k)));
    }
  }
  std::vector<float> y(static_cast<std::size_t>(gemm.m * gemm.n));
  const auto wide = [](std::int64_t rows, std::int64_t cols) {
    return memory::desc({rows, cols}, memory::data_type::f32, memory::format_tag::ab);
  };
  const auto narrow = [](std::int64_t rows, std::int64_t cols) {
    return memory::desc({rows, cols}, memory::data_type::bf16, memory::format_tag::ab);
  };
  memory x_wide(wide(gemm.m, gemm.k), engine, x.data());
  memory w_wide(wide(gemm.k, gemm.n), engine, w.data());
  memory product(wide(gemm.m, gemm.n), engine, y.data());
  const auto multiply = [&](memory& left, memory& right) {
    const dnnl::matmul::desc description(left.get_desc(), right.get_desc(), product.get_desc());
    const dnnl::matmul matmul(dnnl::matmul::primitive_desc(description, engine));
    matmul.execute(stream,
                   {{DNNL_ARG_SRC, left}, {DNNL_ARG_WEIGHTS, right}, {DNNL_ARG_DST, product}});
    stream.wait();
  };
  try {
    memory x_narrow(narrow(gemm.m, gemm.k), engine);
    memory w_narrow(narrow(gemm.k, gemm.n), engine);
    dnnl::reorder(x_wide, x_narrow).execute(stream, x_wide, x_narrow);
    dnnl::reorder(w_wide, w_narrow).execute(stream, w_wide, w_narrow);
    multiply(x_narrow, w_narrow);
  } catch (const dnnl::error& error) {
    EXPECT_EQ(error.status, dnnl_unimplemented);
    multiply(x_wide, w_wide);
  }
  return y;
}

class GemmOfBf16 : public ::testing::TestWithParam<Dataflow> {};

/// Products of bf16 are exact in binary32 (16 bits of significand, no under- or overflow in this
/// data), so only additions round. A sum of k terms in any order is off the exact one by at most
/// gamma(k - 1) * sum |a b|, gamma(j) = j u / (1 - j u), u = 2^-24 (Higham, Accuracy and Stability
/// of Numerical Algorithms, 2nd ed., 4.2). The chip's sums and oneDNN's begin with zero, and the
/// chip adds a bias of zero: k + 1 additions at most on each side.
TEST_P(GemmOfBf16, AgreesWithOneDnnWithinTheErrorsOfAddition) {
  ChipSpec chip = small_chip();
  chip.matrix.rows = 32;
  chip.matrix.cols = 32;
  chip.matrix.dataflow = GetParam();
  chip.buffer.capacity = Bytes(1 << 16);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  GemmRun run(
      chip,
      {.m = 30, .k = 200, .n = 40, .outputs = DataType::Fp32, .low = -kInfinity, .high = kInfinity},
      1);
  std::fill(run.bias.begin(), run.bias.end(), 0);
  const Bytes8 y = run.simulated();
  const std::vector<float> theirs = one_dnn_product(run);
  const double rounding = static_cast<double>(run.gemm.k + 1) * 0x1p-24;
  const double gamma = rounding / (1 - rounding);
  double worst = 0;
  for (std::int64_t m = 0; m < run.gemm.m; ++m) {
    for (std::int64_t n = 0; n < run.gemm.n; ++n) {
      double exact = 0;  // to 2^-53: far below the bound
      double magnitudes = 0;
      for (std::int64_t k = 0; k < run.gemm.k; ++k) {
        const double product = run.input(m, k) * run.weight(k, n);
        exact += product;
        magnitudes += std::fabs(product);
      }
      const double ours = element(y, 0, m * run.gemm.n + n, DataType::Fp32);
      const double other = theirs[static_cast<std::size_t>(m * run.gemm.n + n)];
      ASSERT_LE(std::fabs(ours - exact), gamma * magnitudes);
      ASSERT_LE(std::fabs(ours - other), 2 * gamma * magnitudes);
      worst = std::max(worst, std::fabs(ours - other) / (2 * gamma * magnitudes));
    }
  }
  RecordProperty("share_of_the_bound", std::to_string(worst));
  EXPECT_GT(worst, 0) << "two orders of addition that agree in every bit prove little";
}

INSTANTIATE_TEST_SUITE_P(Dataflows, GemmOfBf16,
                         ::testing::Values(Dataflow::WeightStationary, Dataflow::InputStationary,
                                           Dataflow::OutputStationary),
                         [](const auto& dataflow) { return std::string(name_of(dataflow.param)); });

}  // namespace
}  // namespace systole::testing
