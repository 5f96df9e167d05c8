// Operators that are made of others, against what they are defined as. In double, from the numbers
// that a network of bf16 has.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "reference/kernels/evaluator.h"

namespace systole::reference {
namespace {

using Numbers = std::vector<float>;

/// What a network of these inputs and layers makes, input by input and then its last layer.
struct Evaluated {
  std::vector<Numbers> inputs;
  Numbers output;
  Extents extents;
  Network network;

  /// Of a layer with weights, as files have them: [out][in / groups][rows][cols].
  [[nodiscard]] Numbers parameter(const std::string& name) const {
    for (std::size_t i = 0; i < network.graph.tensors.size(); ++i) {
      if (network.graph.tensors[i].name == name) {
        return network.data->value(network.graph, static_cast<GraphTensorId>(i)).numbers();
      }
    }
    ADD_FAILURE() << "no parameter " << name;
    return {};
  }
};

Evaluated evaluated(const std::string& inputs, const std::string& layers, std::int64_t batch = 2) {
  Evaluated result;
  result.network = parse_network(
      fmt::format("network: n\nbatch: {}\ninputs:\n{}layers:\n{}", batch, inputs, layers), "n.yaml",
      {.type = DataType::Bf16});
  const Graph& graph = result.network.graph;
  for (const GraphTensorId input : graph.inputs) {
    result.inputs.push_back(result.network.data->value(graph, input).numbers());
  }
  FloatEvaluator evaluator(graph, *result.network.data);
  while (!evaluator.done()) {
    result.output = *evaluator.evaluate_next().values;
  }
  result.extents = graph.tensor(graph.nodes.back().output()).type.extents;
  return result;
}

void expect_near(const Numbers& got, const Numbers& wanted, double bound) {
  ASSERT_EQ(got.size(), wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_NEAR(got[i], wanted[i], bound) << "element " << i;
  }
}

struct AttentionCase {
  std::string name;
  std::int64_t queries = 1;
  std::int64_t keys = 1;
  std::int64_t heads = 1;
  std::int64_t kv_heads = 1;
  std::int64_t features = 1;  ///< of a head
  bool causal = false;
  std::int64_t window = 0;
  bool alibi = false;
  std::int64_t block = 0;
};

void PrintTo(const AttentionCase& of, std::ostream* stream) {
  *stream << of.name;
}

class AttentionValues : public testing::TestWithParam<AttentionCase> {};

double slope(std::int64_t head, std::int64_t heads) {
  // Press et al.: of 4 heads 1/4, 1/16, 1/64, 1/256; of 3 those of 2 and the first of 4.
  if (heads == 4) {
    return std::pow(0.25, static_cast<double>(head + 1));
  }
  return head < 2 ? std::pow(1.0 / 16, static_cast<double>(head + 1)) : 0.25;
}

Numbers attention(const AttentionCase& of, std::int64_t batch, const Numbers& q, const Numbers& k,
                  const Numbers& v) {
  const auto at = [&](const Numbers& x, std::int64_t image, std::int64_t tokens, std::int64_t token,
                      std::int64_t heads, std::int64_t head, std::int64_t i) {
    return static_cast<double>(
        x[static_cast<std::size_t>(((image * tokens + token) * heads + head) * of.features + i)]);
  };
  Numbers out;
  for (std::int64_t image = 0; image < batch; ++image) {
    for (std::int64_t query = 0; query < of.queries; ++query) {
      for (std::int64_t head = 0; head < of.heads; ++head) {
        const std::int64_t kv = head / (of.heads / of.kv_heads);
        const std::int64_t own = query + of.keys - of.queries;
        std::vector<double> weights;
        double sum = 0;
        for (std::int64_t key = 0; key < of.keys; ++key) {
          double score = 0;
          for (std::int64_t i = 0; i < of.features; ++i) {
            score += at(q, image, of.queries, query, of.heads, head, i) *
                     at(k, image, of.keys, key, of.kv_heads, kv, i);
          }
          score /= std::sqrt(static_cast<double>(of.features));
          // By the distance: what all of a row get makes no difference.
          score += of.alibi ? slope(head, of.heads) * static_cast<double>(key - own) : 0;
          const bool seen = !of.causal || (key <= own && (of.window == 0 || key > own - of.window));
          weights.push_back(seen ? std::exp(score) : 0);
          sum += weights.back();
        }
        for (std::int64_t i = 0; i < of.features; ++i) {
          double value = 0;
          for (std::int64_t key = 0; key < of.keys; ++key) {
            value += weights[static_cast<std::size_t>(key)] / sum *
                     at(v, image, of.keys, key, of.kv_heads, kv, i);
          }
          out.push_back(static_cast<float>(value));
        }
      }
    }
  }
  return out;
}

TEST_P(AttentionValues, AreThoseOfTheDefinition) {
  const AttentionCase& of = GetParam();
  const std::int64_t kv_features = of.kv_heads * of.features;
  const Evaluated made = evaluated(
      fmt::format("  - {{name: q, extents: [{}, {}]}}\n  - {{name: k, extents: [{}, {}]}}\n"
                  "  - {{name: v, extents: [{}, {}]}}\n",
                  of.queries, of.heads * of.features, of.keys, kv_features, of.keys, kv_features),
      fmt::format("  - {{name: a, op: attention, inputs: [q, k, v], heads: {}, kv_heads: {}, "
                  "causal: {}, window: {}, alibi: {}, block_size: {}}}\n",
                  of.heads, of.kv_heads, of.causal, of.window, of.alibi, of.block));
  EXPECT_EQ(made.extents, (Extents{2, of.queries, of.heads * of.features}));
  expect_near(made.output, attention(of, 2, made.inputs[0], made.inputs[1], made.inputs[2]), 2e-5);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, AttentionValues,
    testing::Values(AttentionCase{"plain", 5, 7, 3, 1, 4},
                    AttentionCase{"causal", 5, 7, 4, 2, 2, true},
                    AttentionCase{"window", 9, 9, 2, 2, 3, true, 4},
                    AttentionCase{"alibi", 6, 8, 4, 4, 2, true, 0, true},
                    AttentionCase{"alibi_of_3_heads", 6, 8, 3, 3, 2, true, 0, true},
                    AttentionCase{"blocks", 7, 11, 2, 1, 3, false, 0, false, 3},
                    AttentionCase{"whole_blocks", 8, 8, 2, 2, 3, true, 0, false, 4},
                    AttentionCase{"causal_blocks", 10, 10, 2, 1, 4, true, 0, false, 3},
                    AttentionCase{"shifted_blocks", 5, 12, 2, 2, 4, true, 0, false, 4},
                    AttentionCase{"window_in_blocks", 13, 13, 2, 1, 4, true, 5, false, 4},
                    AttentionCase{"window_of_one", 9, 9, 1, 1, 4, true, 1, false, 4},
                    AttentionCase{"window_of_a_block", 12, 12, 1, 1, 4, true, 4, false, 4},
                    AttentionCase{"alibi_in_blocks", 9, 10, 3, 3, 2, true, 0, true, 4},
                    AttentionCase{"all_in_blocks", 11, 14, 4, 2, 5, true, 6, true, 3}),
    [](const auto& of) { return of.param.name; });

TEST(ComposedValues, TransposedConvolutionsAddTheKernelWhereEachPixelLies) {
  struct Case {
    std::int64_t kernel, stride, padding, more, dilation, groups;
  };
  for (const Case& of : {Case{3, 2, 1, 1, 1, 1}, Case{2, 2, 0, 0, 1, 1}, Case{4, 3, 2, 0, 1, 2},
                         Case{3, 1, 0, 0, 2, 1}, Case{1, 2, 0, 1, 1, 1}}) {
    constexpr std::int64_t kRows = 4;
    constexpr std::int64_t kCols = 3;
    constexpr std::int64_t kIn = 4;
    constexpr std::int64_t kOut = 6;
    const Evaluated made = evaluated(
        "  - {name: x, rows: 4, cols: 3, channels: 4}\n",
        fmt::format("  - {{name: t, op: conv_transpose2d, channels: 6, kernel: {}, stride: {}, "
                    "padding: {}, output_padding: {}, dilation: {}, groups: {}, bias: false}}\n",
                    of.kernel, of.stride, of.padding, of.more, of.dilation, of.groups));
    const auto size = [&](std::int64_t in) {
      return (in - 1) * of.stride - 2 * of.padding + of.dilation * (of.kernel - 1) + of.more + 1;
    };
    ASSERT_EQ(made.extents, (Extents{2, size(kRows), size(kCols), kOut}));
    // Of a convolution: [group][row][col][channel][out]; the first element meets the last pixel.
    const Numbers weights = made.parameter("t.weight");
    const std::int64_t channels = kIn / of.groups;
    const std::int64_t outs = kOut / of.groups;
    Numbers wanted(made.output.size(), 0.0F);
    for (std::int64_t image = 0; image < 2; ++image) {
      for (std::int64_t y = 0; y < kRows; ++y) {
        for (std::int64_t x = 0; x < kCols; ++x) {
          for (std::int64_t ky = 0; ky < of.kernel; ++ky) {
            for (std::int64_t kx = 0; kx < of.kernel; ++kx) {
              const std::int64_t row = y * of.stride + ky * of.dilation - of.padding;
              const std::int64_t col = x * of.stride + kx * of.dilation - of.padding;
              if (row < 0 || col < 0 || row >= size(kRows) || col >= size(kCols)) {
                continue;
              }
              const std::int64_t tap = (of.kernel - 1 - ky) * of.kernel + (of.kernel - 1 - kx);
              for (std::int64_t c = 0; c < kIn; ++c) {
                for (std::int64_t n = 0; n < outs; ++n) {
                  const std::int64_t group = c / channels;
                  const float weight = weights[static_cast<std::size_t>(
                      ((group * of.kernel * of.kernel + tap) * channels + c % channels) * outs +
                      n)];
                  const float pixel = made.inputs[0][static_cast<std::size_t>(
                      ((image * kRows + y) * kCols + x) * kIn + c)];
                  wanted[static_cast<std::size_t>(
                      ((image * size(kRows) + row) * size(kCols) + col) * kOut + group * outs +
                      n)] += weight * pixel;
                }
              }
            }
          }
        }
      }
    }
    expect_near(made.output, wanted, 1e-4);
  }
}

TEST(ComposedValues, OneDimensionalConvolutionsRunAlongTheTokens) {
  const Evaluated made = evaluated(
      "  - {name: x, extents: [9, 3]}\n",
      "  - {name: c, op: conv1d, channels: 2, kernel: 3, dilation: 2, causal: true, bias: "
      "false}\n");
  ASSERT_EQ(made.extents, (Extents{2, 9, 2}));
  const Numbers weights = made.parameter("c.weight");
  Numbers wanted;
  for (std::int64_t image = 0; image < 2; ++image) {
    for (std::int64_t token = 0; token < 9; ++token) {
      for (std::int64_t out = 0; out < 2; ++out) {
        double sum = 0;
        for (std::int64_t tap = 0; tap < 3; ++tap) {
          const std::int64_t from = token - 2 * (2 - tap);
          for (std::int64_t c = 0; c < 3 && from >= 0; ++c) {
            sum += static_cast<double>(
                       made.inputs[0][static_cast<std::size_t>((image * 9 + from) * 3 + c)]) *
                   weights[static_cast<std::size_t>((tap * 3 + c) * 2 + out)];
          }
        }
        wanted.push_back(static_cast<float>(sum));
      }
    }
  }
  expect_near(made.output, wanted, 1e-4);
}

TEST(ComposedValues, NormsOfGroupsHaveAMeanAndAVarianceForEachGroupOfAnImage) {
  for (const auto& [op, groups] :
       {std::pair{std::string("group_norm, groups: 3"), 3}, {"instance_norm", 6}}) {
    const Evaluated made = evaluated("  - {name: x, rows: 5, cols: 3, channels: 6}\n",
                                     "  - {name: g, op: " + op + "}\n");
    const Numbers factors = made.parameter("g.p");
    const Numbers summands = made.parameter("g.q");
    const Numbers& x = made.inputs[0];
    Numbers wanted(x.size());
    for (std::size_t image = 0; image < 2; ++image) {
      for (int group = 0; group < groups; ++group) {
        std::vector<std::size_t> own;
        for (std::size_t i = image * 90; i < image * 90 + 90; ++i) {
          if (static_cast<int>(i % 6) / (6 / groups) == group) {
            own.push_back(i);
          }
        }
        double mean = 0;
        for (const std::size_t i : own) {
          mean += x[i] / static_cast<double>(own.size());
        }
        double variance = 0;
        for (const std::size_t i : own) {
          variance += std::pow(x[i] - mean, 2) / static_cast<double>(own.size());
        }
        for (const std::size_t i : own) {
          wanted[i] = static_cast<float>(
              (x[i] - mean) / std::sqrt(variance + 1e-5) * factors[i % 6] + summands[i % 6]);
        }
      }
    }
    expect_near(made.output, wanted, 1e-4);
  }
}

/// An operator of one number.
void expect_function(const std::string& op, const std::function<double(double)>& function,
                     double bound = 1e-5) {
  const Evaluated made =
      evaluated("  - {name: x, rows: 3, cols: 5, channels: 7}\n", "  - {name: f, " + op + "}\n");
  Numbers wanted;
  std::transform(made.inputs[0].begin(), made.inputs[0].end(), std::back_inserter(wanted),
                 [&](float x) { return static_cast<float>(function(x)); });
  SCOPED_TRACE(op);
  expect_near(made.output, wanted, bound);
}

TEST(ComposedValues, FunctionsHaveFactorsAndLimitsOfTheirOwn) {
  expect_function("op: leaky_relu, alpha: 0.1", [](double x) { return x < 0 ? 0.1 * x : x; });
  expect_function("op: leaky_relu, alpha: 1.5", [](double x) { return x < 0 ? 1.5 * x : x; });
  expect_function("op: elu, alpha: 0.5",
                  [](double x) { return x < 0 ? 0.5 * (std::exp(x) - 1) : x; });
  expect_function("op: clip, low: -0.5, high: 0.25",
                  [](double x) { return std::clamp(x, -0.5, 0.25); });
  expect_function("op: clip, low: 0.5", [](double x) { return std::max(x, 0.5); });
  expect_function("op: pow, exponent: 3", [](double x) { return x * x * x; });
  expect_function("op: pow, exponent: 0", [](double) { return 1; });
}

TEST(ComposedValues, PowersOfNumbersAboveZero) {
  for (const double exponent : {0.5, 2.25, -0.5, -3.0}) {
    const Evaluated made =
        evaluated("  - {name: x, features: 9}\n",
                  fmt::format("  - {{name: a, op: formula, of: \"abs(a) + 1\"}}\n"
                              "  - {{name: f, op: pow, exponent: {}}}\n",
                              exponent));
    Numbers wanted;
    for (const float x : made.inputs[0]) {
      wanted.push_back(static_cast<float>(std::pow(std::abs(x) + 1, exponent)));
    }
    expect_near(made.output, wanted, 1e-4);
  }
}

TEST(ComposedValues, SelectTakesTheSecondWhereTheFirstIsOne) {
  const Evaluated made = evaluated(
      "  - {name: x, features: 9}\n  - {name: y, features: 9}\n  - {name: z, features: 9}\n",
      "  - {name: c, op: formula, input: z, of: positive(a)}\n"
      "  - {name: s, op: select, inputs: [c, x, y]}\n");
  Numbers wanted;
  for (std::size_t i = 0; i < 18; ++i) {
    wanted.push_back(made.inputs[2][i] > 0 ? made.inputs[0][i] : made.inputs[1][i]);
  }
  expect_near(made.output, wanted, 0);
}

/// Rows of 11 numbers, some of them equal.
constexpr const char* kRows = "  - {name: x, extents: [4, 11]}\n";
constexpr const char* kCoarse = "  - {name: r, op: formula, of: \"round(a * 2)\"}\n";

std::vector<std::vector<double>> coarse_rows(const Evaluated& made) {
  std::vector<std::vector<double>> rows;
  for (std::size_t i = 0; i < made.inputs[0].size(); ++i) {
    if (i % 11 == 0) {
      rows.emplace_back();
    }
    rows.back().push_back(std::nearbyint(made.inputs[0][i] * 2));
  }
  return rows;
}

/// Columns by their numbers, the largest first, of equal ones the first.
std::vector<std::size_t> ranked(const std::vector<double>& row) {
  std::vector<std::size_t> columns(row.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    columns[i] = i;
  }
  std::stable_sort(columns.begin(), columns.end(),
                   [&](std::size_t a, std::size_t b) { return row[a] > row[b]; });
  return columns;
}

TEST(ComposedValues, ArgumentsAreTheFirstOfEqualOnes) {
  for (const bool least : {false, true}) {
    const Evaluated made =
        evaluated(kRows, std::string(kCoarse) + (least ? "  - {name: m, op: arg_min}\n"
                                                       : "  - {name: m, op: arg_max}\n"));
    EXPECT_EQ(made.extents, (Extents{2, 4, 1}));
    Numbers wanted;
    for (std::vector<double> row : coarse_rows(made)) {
      if (least) {
        std::transform(row.begin(), row.end(), row.begin(), std::negate<>());
      }
      wanted.push_back(static_cast<float>(ranked(row).front()));
    }
    expect_near(made.output, wanted, 0);
  }
}

TEST(ComposedValues, ArgumentsOfLongRowsAreExact) {
  const Evaluated made =
      evaluated("  - {name: x, extents: [3, 1001]}\n", "  - {name: m, op: arg_max}\n");
  EXPECT_EQ(made.network.graph.tensor(made.network.graph.nodes.back().output()).type.element,
            DataType::Fp32);
  for (std::size_t row = 0; row < 6; ++row) {
    const auto first = made.inputs[0].begin() + static_cast<std::ptrdiff_t>(row * 1001);
    EXPECT_EQ(made.output[row], static_cast<float>(std::max_element(first, first + 1001) - first));
  }
}

TEST(ComposedValues, TheTopOfRowsIsInOrder) {
  for (const std::string op : {"top_k", "top_k_columns"}) {
    const Evaluated made =
        evaluated(kRows, std::string(kCoarse) + "  - {name: t, op: " + op + ", count: 4}\n");
    EXPECT_EQ(made.extents, (Extents{2, 4, 4}));
    Numbers wanted;
    for (const std::vector<double>& row : coarse_rows(made)) {
      for (std::size_t i = 0; i < 4; ++i) {
        const std::size_t column = ranked(row)[i];
        wanted.push_back(
            static_cast<float>(op == "top_k" ? row[column] : static_cast<double>(column)));
      }
    }
    expect_near(made.output, wanted, 0);
  }
}

TEST(ComposedValues, OneHotIsOneInItsColumn) {
  const Evaluated made =
      evaluated(kRows, "  - {name: m, op: arg_max}\n  - {name: o, op: one_hot, depth: 13}\n");
  EXPECT_EQ(made.extents, (Extents{2, 4, 13}));
  for (std::size_t row = 0; row < 8; ++row) {
    const auto first = made.inputs[0].begin() + static_cast<std::ptrdiff_t>(row * 11);
    const auto column = static_cast<std::size_t>(std::max_element(first, first + 11) - first);
    for (std::size_t i = 0; i < 13; ++i) {
      EXPECT_EQ(made.output[row * 13 + i], i == column ? 1 : 0);
    }
  }
}

TEST(ComposedValues, CumulativeSumsAddUpToEachColumn) {
  for (const bool reverse : {false, true}) {
    const Evaluated made = evaluated(
        kRows, fmt::format("  - {{name: s, op: cumulative_sum, reverse: {}}}\n", reverse));
    Numbers wanted(made.output.size());
    for (std::size_t row = 0; row < 8; ++row) {
      double sum = 0;
      for (std::size_t i = 0; i < 11; ++i) {
        const std::size_t at = row * 11 + (reverse ? 10 - i : i);
        sum += made.inputs[0][at];
        wanted[at] = static_cast<float>(sum);
      }
    }
    expect_near(made.output, wanted, 1e-5);
  }
}

TEST(ComposedValues, PadsExpansionsAndScatteredRows) {
  const Evaluated padded =
      evaluated("  - {name: x, rows: 2, cols: 3, channels: 5}\n",
                "  - {name: p, op: pad, padding: [1, 0, 2, 1], value: 0.5}\n", 1);
  EXPECT_EQ(padded.extents, (Extents{1, 3, 6, 5}));
  for (std::size_t i = 0; i < padded.output.size(); ++i) {
    const std::size_t row = i / 5 / 6;
    const std::size_t col = i / 5 % 6;
    const bool inside = row >= 1 && col >= 2 && col < 5;
    EXPECT_EQ(padded.output[i],
              inside ? padded.inputs[0][((row - 1) * 3 + col - 2) * 5 + i % 5] : 0.5F);
  }
  const Evaluated expanded = evaluated("  - {name: x, rows: 1, cols: 3, channels: 1}\n",
                                       "  - {name: e, op: expand, rows: 4, channels: 5}\n");
  EXPECT_EQ(expanded.extents, (Extents{2, 4, 3, 5}));
  for (std::size_t i = 0; i < expanded.output.size(); ++i) {
    EXPECT_EQ(expanded.output[i], expanded.inputs[0][i / 60 * 3 + i / 5 % 3]);
  }
  const Evaluated scattered =
      evaluated("  - {name: x, extents: [5, 3]}\n  - {name: y, extents: [2, 3]}\n",
                "  - {name: s, op: scatter, inputs: [x, y], rows: \"3,1\"}\n", 1);
  for (std::size_t i = 0; i < 15; ++i) {
    const std::size_t row = i / 3;
    EXPECT_EQ(scattered.output[i], row == 3   ? scattered.inputs[1][i % 3]
                                   : row == 1 ? scattered.inputs[1][3 + i % 3]
                                              : scattered.inputs[0][i]);
  }
}

TEST(ComposedValues, AxesInAnyOrder) {
  for (const std::string order : {"[1, 2, 3]", "[2, 1, 3]", "[3, 2, 1]", "[2, 3, 1]"}) {
    const Evaluated made = evaluated("  - {name: x, rows: 3, cols: 4, channels: 5}\n",
                                     "  - {name: p, op: permute, order: " + order + "}\n");
    const std::array<std::size_t, 4> size{2, 3, 4, 5};
    const std::array<std::size_t, 4> axis{0, static_cast<std::size_t>(order[1] - '0'),
                                          static_cast<std::size_t>(order[4] - '0'),
                                          static_cast<std::size_t>(order[7] - '0')};
    std::array<std::size_t, 4> at{};
    std::size_t i = 0;
    for (at[0] = 0; at[0] < size[axis[0]]; ++at[0]) {
      for (at[1] = 0; at[1] < size[axis[1]]; ++at[1]) {
        for (at[2] = 0; at[2] < size[axis[2]]; ++at[2]) {
          for (at[3] = 0; at[3] < size[axis[3]]; ++at[3]) {
            std::array<std::size_t, 4> from{};
            for (std::size_t a = 0; a < 4; ++a) {
              from[axis[a]] = at[a];
            }
            ASSERT_EQ(made.output[i++],
                      made.inputs[0][((from[0] * 3 + from[1]) * 4 + from[2]) * 5 + from[3]])
                << order;
          }
        }
      }
    }
  }
}

// --- sequences ---

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

/// Layer `l` of `cells` over the steps of an image of the first input, which begins with the second
/// and the third where there are some.
class Cells {
 public:
  Cells(const Evaluated& made, std::size_t image, std::size_t cells)
      : made_(made), cells_(cells), output_(cells), cell_(cells) {
    for (std::size_t i = 0; i < cells && made.inputs.size() > 1; ++i) {
      output_[i] = made.inputs[1][image * cells + i];
      cell_[i] = made.inputs.size() > 2 ? made.inputs[2][image * cells + i] : 0;
    }
  }

  /// W x + U h + b of a gate.
  [[nodiscard]] double gate(const std::string& name, const Numbers& x, std::size_t cell) const {
    return from_input(name, x, cell) + from_last(name, cell);
  }
  [[nodiscard]] double from_input(const std::string& name, const Numbers& x,
                                  std::size_t cell) const {
    const Numbers weights = made_.parameter("l." + name + ".weight");
    double sum = made_.parameter("l." + name + ".bias")[cell];
    for (std::size_t i = 0; i < x.size(); ++i) {
      sum += x[i] * weights[i * cells_ + cell];
    }
    return sum;
  }
  [[nodiscard]] double from_last(const std::string& name, std::size_t cell) const {
    const Numbers weights = made_.parameter("l." + name + "_last.weight");
    double sum = 0;
    for (std::size_t i = 0; i < cells_; ++i) {
      sum += output_[i] * weights[i * cells_ + cell];
    }
    return sum;
  }

  void lstm(const Numbers& x) {
    std::vector<double> outputs;
    for (std::size_t i = 0; i < cells_; ++i) {
      cell_[i] = sigmoid(gate("forget", x, i)) * cell_[i] +
                 sigmoid(gate("in", x, i)) * std::tanh(gate("new", x, i));
      outputs.push_back(sigmoid(gate("out", x, i)) * std::tanh(cell_[i]));
    }
    output_ = outputs;
  }
  void gru(const Numbers& x) {
    std::vector<double> outputs;
    for (std::size_t i = 0; i < cells_; ++i) {
      const double beside = made_.parameter("l.bias.p")[i];
      const double made = std::tanh(from_input("new", x, i) +
                                    sigmoid(gate("reset", x, i)) * (from_last("new", i) + beside));
      const double update = sigmoid(gate("update", x, i));
      outputs.push_back((1 - update) * made + update * output_[i]);
    }
    output_ = outputs;
  }

  [[nodiscard]] const std::vector<double>& output() const { return output_; }
  [[nodiscard]] const std::vector<double>& cell() const { return cell_; }

 private:
  const Evaluated& made_;
  std::size_t cells_;
  std::vector<double> output_;
  std::vector<double> cell_;
};

struct SequenceCase {
  std::string op;
  std::string inputs;  ///< of the layer
  std::string keys;
};

void PrintTo(const SequenceCase& of, std::ostream* stream) {
  *stream << of.op << of.inputs << of.keys;
}

class SequenceValues : public testing::TestWithParam<SequenceCase> {};

/// Numbers of bf16 are rounded 5 times a step, relative 2^-9 each of values within 4.
TEST_P(SequenceValues, AreThoseOfTheCells) {
  const SequenceCase& of = GetParam();
  constexpr std::size_t kSteps = 4;
  constexpr std::size_t kFeatures = 6;
  constexpr std::size_t kCells = 5;
  const bool has_state = of.inputs != "[x]";
  const bool is_lstm = of.op == "lstm";
  std::string inputs = "  - {name: x, extents: [4, 6]}\n";
  inputs += has_state ? "  - {name: h, features: 5}\n" : "";
  inputs += has_state && is_lstm ? "  - {name: c, features: 5}\n" : "";
  const Evaluated made = evaluated(
      inputs,
      fmt::format("  - {{name: l, op: {}, cells: 5, inputs: {}{}}}\n", of.op, of.inputs, of.keys));
  const bool reverse = of.keys.find("reverse") != std::string::npos;
  Numbers wanted;
  for (std::size_t image = 0; image < 2; ++image) {
    Cells cells(made, image, kCells);
    std::vector<std::vector<double>> outputs(kSteps);
    for (std::size_t number = 0; number < kSteps; ++number) {
      const std::size_t step = reverse ? kSteps - 1 - number : number;
      const auto first =
          made.inputs[0].begin() + static_cast<std::ptrdiff_t>((image * kSteps + step) * kFeatures);
      const Numbers x(first, first + kFeatures);
      is_lstm ? cells.lstm(x) : cells.gru(x);
      outputs[step] = cells.output();
    }
    const bool last = of.keys.find("last") != std::string::npos;
    const bool state = of.keys.find("state") != std::string::npos;
    std::vector<std::vector<double>> given =
        last || state ? std::vector<std::vector<double>>{cells.output()} : outputs;
    if (state) {
      given.push_back(cells.cell());
    }
    for (const std::vector<double>& row : given) {
      wanted.insert(wanted.end(), row.begin(), row.end());
    }
  }
  expect_near(made.output, wanted, 0.06);
}

INSTANTIATE_TEST_SUITE_P(
    All, SequenceValues,
    testing::Values(SequenceCase{"lstm", "[x]", ""}, SequenceCase{"lstm", "[x, h, c]", ""},
                    SequenceCase{"lstm", "[x]", ", reverse: true"},
                    SequenceCase{"lstm", "[x, h, c]", ", last: true"},
                    SequenceCase{"lstm", "[x, h, c]", ", state: true, reverse: true"},
                    SequenceCase{"gru", "[x]", ""}, SequenceCase{"gru", "[x, h]", ""},
                    SequenceCase{"gru", "[x]", ", reverse: true, last: true"}),
    [](const auto& of) { return fmt::format("{}{}", of.param.op, of.index); });

TEST(ComposedValues, BilinearImagesAreLinearBetweenCentres) {
  for (const std::int64_t factor : {2, 3, 4}) {
    const Evaluated made =
        evaluated("  - {name: x, rows: 3, cols: 4, channels: 2}\n",
                  fmt::format("  - {{name: r, op: resize_bilinear, factor: {}}}\n", factor));
    const std::int64_t rows = 3 * factor;
    const std::int64_t cols = 4 * factor;
    ASSERT_EQ(made.extents, (Extents{2, rows, cols, 2}));
    const auto at = [&](std::int64_t image, std::int64_t y, std::int64_t x, std::int64_t c) {
      return static_cast<double>(
          made.inputs[0][static_cast<std::size_t>(((image * 3 + y) * 4 + x) * 2 + c)]);
    };
    Numbers wanted;
    for (std::int64_t image = 0; image < 2; ++image) {
      for (std::int64_t y = 0; y < rows; ++y) {
        for (std::int64_t x = 0; x < cols; ++x) {
          for (std::int64_t c = 0; c < 2; ++c) {
            const auto place = [&](std::int64_t index, std::int64_t size) {
              const double exact =
                  (static_cast<double>(index) + 0.5) / static_cast<double>(factor) - 0.5;
              return std::clamp(exact, 0.0, static_cast<double>(size - 1));
            };
            const double row = place(y, 3);
            const double col = place(x, 4);
            const auto low_row = static_cast<std::int64_t>(row);
            const auto low_col = static_cast<std::int64_t>(col);
            const std::int64_t high_row = std::min<std::int64_t>(low_row + 1, 2);
            const std::int64_t high_col = std::min<std::int64_t>(low_col + 1, 3);
            const double dy = row - static_cast<double>(low_row);
            const double dx = col - static_cast<double>(low_col);
            wanted.push_back(static_cast<float>(
                (at(image, low_row, low_col, c) * (1 - dx) + at(image, low_row, high_col, c) * dx) *
                    (1 - dy) +
                (at(image, high_row, low_col, c) * (1 - dx) +
                 at(image, high_row, high_col, c) * dx) *
                    dy));
          }
        }
      }
    }
    expect_near(made.output, wanted, 1e-5);
  }
}

TEST(ComposedValues, InterleavedRotationsTurnNeighbours) {
  const Evaluated made =
      evaluated("  - {name: x, extents: [5, 12]}\n",
                "  - {name: r, op: rotary, heads: 2, rotated: 4, interleaved: true, first: 3}\n");
  Numbers wanted = made.inputs[0];
  for (std::size_t row = 0; row < 10; ++row) {
    for (std::size_t head = 0; head < 2; ++head) {
      for (std::size_t pair = 0; pair < 2; ++pair) {
        const double angle =
            static_cast<double>(3 + row % 5) * std::pow(10000.0, -static_cast<double>(pair) / 2);
        const std::size_t at = row * 12 + head * 6 + pair * 2;
        const double a = made.inputs[0][at];
        const double b = made.inputs[0][at + 1];
        wanted[at] = static_cast<float>(a * std::cos(angle) - b * std::sin(angle));
        wanted[at + 1] = static_cast<float>(b * std::cos(angle) + a * std::sin(angle));
      }
    }
  }
  expect_near(made.output, wanted, 1e-5);
}

/// 6 tokens of 2 images, 4 experts, 2 for each token.
TEST(ComposedValues, ExpertsComputeTheTokensThatAreRoutedToThem) {
  for (const std::string routing : {"balanced", "3 0; 1 2; 3 1"}) {
    const Evaluated made = evaluated(
        "  - {name: x, extents: [3, 5]}\n  - {name: w, extents: [3, 4]}\n",
        "  - {name: e, op: experts, inputs: [x, w], experts: 4, per_token: 2, features: 7, "
        "routing: \"" +
            routing + "\"}\n");
    ASSERT_EQ(made.extents, (Extents{2, 3, 5}));
    const auto experts_of = [&](std::size_t token) {
      if (routing == "balanced") {
        return std::pair(token * 2 % 4, (token * 2 + 1) % 4);
      }
      const std::vector<std::pair<std::size_t, std::size_t>> lists{{3, 0}, {1, 2}, {3, 1}};
      return lists[token % 3];
    };
    Numbers wanted;
    for (std::size_t token = 0; token < 6; ++token) {
      std::vector<double> sum(5, 0.0);
      const auto [one, other] = experts_of(token);
      for (const std::size_t expert : {one, other}) {
        const auto weights = [&](const std::string& name) {
          return made.parameter(fmt::format("e.expert{}.{}.weight", expert, name));
        };
        const Numbers gate = weights("gate");
        const Numbers up = weights("up");
        const Numbers down = weights("down");
        std::vector<double> hidden;
        for (std::size_t i = 0; i < 7; ++i) {
          double g = 0;
          double u = 0;
          for (std::size_t k = 0; k < 5; ++k) {
            g += static_cast<double>(made.inputs[0][token * 5 + k]) * gate[k * 7 + i];
            u += static_cast<double>(made.inputs[0][token * 5 + k]) * up[k * 7 + i];
          }
          hidden.push_back(g / (1 + std::exp(-g)) * u);
        }
        for (std::size_t i = 0; i < 5; ++i) {
          double d = 0;
          for (std::size_t k = 0; k < 7; ++k) {
            d += hidden[k] * down[k * 5 + i];
          }
          sum[i] += d * made.inputs[1][token * 4 + expert];
        }
      }
      for (const double x : sum) {
        wanted.push_back(static_cast<float>(x));
      }
    }
    expect_near(made.output, wanted, 1e-3);
  }
}

}  // namespace
}  // namespace systole::reference
