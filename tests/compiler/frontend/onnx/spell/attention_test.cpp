#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/compiler/frontend/onnx/model_numbers.h"

namespace systole {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Pointwise;

constexpr int kInt32 = 6;
constexpr float kNear = 2e-5F;
const std::string kDomain = "com.microsoft";

/// Sizes of an attention, and its numbers by plain loops.
struct Plain {
  int batch = 1, heads = 1, kv_heads = 1, queries = 1, keys = 1, features = 1;
  bool causal = false;
  /// Whether key j of image i may be seen.
  std::vector<std::vector<bool>> seen = {};

  /// q: [batch, queries, heads, features]; k, v: [batch, kv_heads, keys, features].
  [[nodiscard]] std::vector<float> of(const std::vector<float>& q, const std::vector<float>& k,
                                      const std::vector<float>& v) const {
    std::vector<float> result(q.size(), 0.0F);
    for (int image = 0; image < batch; ++image) {
      for (int head = 0; head < heads; ++head) {
        for (int query = 0; query < queries; ++query) {
          of_query(image, head, query, q, k, v, result);
        }
      }
    }
    return result;
  }

 private:
  void of_query(int image, int head, int query, const std::vector<float>& q,
                const std::vector<float>& k, const std::vector<float>& v,
                std::vector<float>& result) const {
    const int shared = head / (heads / kv_heads);
    const auto at_query = [&](int f) {
      return static_cast<std::size_t>(((image * queries + query) * heads + head) * features + f);
    };
    const auto at_key = [&](int key, int f) {
      return static_cast<std::size_t>(((image * kv_heads + shared) * keys + key) * features + f);
    };
    std::vector<double> shares;
    double sum = 0;
    for (int key = 0; key < keys; ++key) {
      double score = 0;
      for (int f = 0; f < features; ++f) {
        score += static_cast<double>(q[at_query(f)]) * static_cast<double>(k[at_key(key, f)]);
      }
      const bool hidden =
          (causal && key > query + keys - queries) ||
          (!seen.empty() && !seen[static_cast<std::size_t>(image)][static_cast<std::size_t>(key)]);
      shares.push_back(hidden ? 0 : std::exp(score / std::sqrt(static_cast<double>(features))));
      sum += shares.back();
    }
    for (int f = 0; f < features; ++f) {
      double made = 0;
      for (int key = 0; key < keys; ++key) {
        made +=
            shares[static_cast<std::size_t>(key)] / sum * static_cast<double>(v[at_key(key, f)]);
      }
      result[at_query(f)] = static_cast<float>(made);
    }
  }
};

/// [batch, heads, tokens, features] of [batch, tokens, heads, features], and back.
std::vector<float> exchanged(const std::vector<float>& from, int batch, int a, int b,
                             int features) {
  std::vector<float> to(from.size());
  for (int i = 0; i < batch; ++i) {
    for (int x = 0; x < a; ++x) {
      for (int y = 0; y < b; ++y) {
        for (int f = 0; f < features; ++f) {
          to[static_cast<std::size_t>(((i * b + y) * a + x) * features + f)] =
              from[static_cast<std::size_t>(((i * a + x) * b + y) * features + f)];
        }
      }
    }
  }
  return to;
}

/// Columns first..first + count of rows of `width`.
std::vector<float> columns(const std::vector<float>& rows, std::size_t width, std::size_t first,
                           std::size_t count) {
  std::vector<float> part;
  for (std::size_t row = 0; row * width < rows.size(); ++row) {
    part.insert(part.end(), rows.begin() + static_cast<std::ptrdiff_t>(row * width + first),
                rows.begin() + static_cast<std::ptrdiff_t>(row * width + first + count));
  }
  return part;
}

/// [rows, k] times [k, columns] plus biases.
std::vector<float> projected(const std::vector<float>& x, std::size_t k,
                             const std::vector<float>& weights, const std::vector<float>& biases) {
  const std::size_t width = biases.size();
  std::vector<float> made;
  for (std::size_t row = 0; row * k < x.size(); ++row) {
    for (std::size_t col = 0; col < width; ++col) {
      double sum = static_cast<double>(biases[col]);
      for (std::size_t i = 0; i < k; ++i) {
        sum += static_cast<double>(x[row * k + i]) * static_cast<double>(weights[i * width + col]);
      }
      made.push_back(static_cast<float>(sum));
    }
  }
  return made;
}

class SpelledAttention : public ::testing::Test {
 protected:
  ModelNumbers numbers_;
};

TEST_F(SpelledAttention, ProjectsOneInputThreeTimesAndAttends) {
  const std::vector<float> x = some_numbers(2 * 3 * 8);
  const std::vector<float> w = some_numbers(8 * 24, 2);
  const std::vector<float> b = some_numbers(24, 3);
  for (const bool causal : {false, true}) {
    ModelBuilder model;
    model.input("x", {2, 3, 8})
        .floats("w", {8, 24}, w)
        .floats("b", {24}, b)
        .node("Attention", {"x", "w", "b"}, {"y"},
              {{"num_heads", std::int64_t{2}}, {"unidirectional", std::int64_t{causal ? 1 : 0}}},
              "attention", kDomain)
        .output("y");
    const Network network = numbers_.read(model);
    EXPECT_THAT(kinds_of(network.graph),
                ElementsAre("dense", "dense", "dense", "matmul", "softmax", "matmul"));
    const std::vector<float> all = projected(x, 8, w, b);
    const auto head_first = [&](std::size_t first) {
      return exchanged(columns(all, 24, first, 8), 2, 3, 2, 4);
    };
    const Plain plain{.batch = 2,
                      .heads = 2,
                      .kv_heads = 2,
                      .queries = 3,
                      .keys = 3,
                      .features = 4,
                      .causal = causal};
    EXPECT_THAT(numbers_.run(model, {{"x", {{2, 3, 8}, x}}}).at("y"),
                Pointwise(FloatNear(kNear),
                          plain.of(columns(all, 24, 0, 8), head_first(8), head_first(16))));
  }
}

TEST_F(SpelledAttention, LengthsHideTheKeysBehindThem) {
  const std::vector<float> q = some_numbers(2 * 3 * 8);
  const std::vector<float> k = some_numbers(2 * 3 * 8, 2);
  const std::vector<float> v = some_numbers(2 * 3 * 8, 3);
  ModelBuilder model;
  model.input("q", {2, 3, 8})
      .input("k", {2, 3, 8})
      .input("v", {2, 3, 8})
      .stored("lengths", {2}, kInt32, {2, 3})
      .node("MultiHeadAttention", {"q", "k", "v", "", "lengths"}, {"y"},
            {{"num_heads", std::int64_t{2}}}, "attention", kDomain)
      .output("y");
  const Plain plain{.batch = 2,
                    .heads = 2,
                    .kv_heads = 2,
                    .queries = 3,
                    .keys = 3,
                    .features = 4,
                    .seen = {{true, true, false}, {true, true, true}}};
  EXPECT_THAT(
      numbers_.run(model, {{"q", {{2, 3, 8}, q}}, {"k", {{2, 3, 8}, k}}, {"v", {{2, 3, 8}, v}}})
          .at("y"),
      Pointwise(FloatNear(kNear), plain.of(q, exchanged(k, 2, 3, 2, 4), exchanged(v, 2, 3, 2, 4))));
}

TEST_F(SpelledAttention, GroupsOfHeadsShareKeysBehindThoseOfEarlierRuns) {
  // 4 heads, 2 of keys and values; 2 tokens behind 3.
  const std::vector<float> q = some_numbers(2 * 16);
  const std::vector<float> k = some_numbers(2 * 8, 2);
  const std::vector<float> v = some_numbers(2 * 8, 3);
  const std::vector<float> past_k = some_numbers(2 * 3 * 4, 4);
  const std::vector<float> past_v = some_numbers(2 * 3 * 4, 5);
  ModelBuilder model;
  model.input("q", {1, 2, 16})
      .input("k", {1, 2, 8})
      .input("v", {1, 2, 8})
      .input("pk", {1, 2, 3, 4})
      .input("pv", {1, 2, 3, 4})
      .stored("lengths", {1}, kInt32, {4})
      .stored("total", {1}, kInt32, {5})
      .node("GroupQueryAttention", {"q", "k", "v", "pk", "pv", "lengths", "total"},
            {"y", "nk", "nv"}, {{"num_heads", std::int64_t{4}}, {"kv_num_heads", std::int64_t{2}}},
            "attention", kDomain)
      .output("y")
      .output("nk")
      .output("nv");
  const auto behind = [](const std::vector<float>& past, const std::vector<float>& next) {
    const std::vector<float> by_head = exchanged(next, 1, 2, 2, 4);
    std::vector<float> all;
    for (int head = 0; head < 2; ++head) {
      all.insert(all.end(), past.begin() + head * 12, past.begin() + head * 12 + 12);
      all.insert(all.end(), by_head.begin() + head * 8, by_head.begin() + head * 8 + 8);
    }
    return all;
  };
  const auto made = numbers_.run(model, {{"q", {{1, 2, 16}, q}},
                                         {"k", {{1, 2, 8}, k}},
                                         {"v", {{1, 2, 8}, v}},
                                         {"pk", {{1, 2, 3, 4}, past_k}},
                                         {"pv", {{1, 2, 3, 4}, past_v}}});
  const Plain plain{
      .heads = 4, .kv_heads = 2, .queries = 2, .keys = 5, .features = 4, .causal = true};
  EXPECT_EQ(made.at("nk"), behind(past_k, k));
  EXPECT_EQ(made.at("nv"), behind(past_v, v));
  EXPECT_THAT(made.at("y"),
              Pointwise(FloatNear(kNear), plain.of(q, behind(past_k, k), behind(past_v, v))));
}

TEST_F(SpelledAttention, LengthsOfPaddedSequencesAreRefused) {
  ModelBuilder model;
  model.input("q", {1, 2, 16})
      .input("k", {1, 2, 8})
      .input("v", {1, 2, 8})
      .stored("lengths", {1}, kInt32, {0})
      .stored("total", {1}, kInt32, {2})
      .node("GroupQueryAttention", {"q", "k", "v", "", "", "lengths", "total"}, {"y"},
            {{"num_heads", std::int64_t{4}}, {"kv_num_heads", std::int64_t{2}}}, "attention",
            kDomain)
      .output("y");
  EXPECT_EQ(numbers_.message_of(model),
            "m.onnx: com.microsoft.GroupQueryAttention: expected lengths (seqlens_k) that stand in "
            "the file, 1 for each of the batch, got [0], in 1 node (attention)");
}

TEST_F(SpelledAttention, HeadsThatDoNotDivideAreRefused) {
  ModelBuilder model;
  model.input("x", {1, 3, 8})
      .floats("w", {8, 24}, some_numbers(8 * 24))
      .node("Attention", {"x", "w"}, {"y"}, {{"num_heads", std::int64_t{3}}}, "attention", kDomain)
      .output("y");
  EXPECT_EQ(numbers_.message_of(model),
            "m.onnx: com.microsoft.Attention: expected features of 3 heads, got 8, in 1 node "
            "(attention)");
}

/// Cosines or sines of positions 0.., of two pairs of features and base 100: angles p and p / 10.
std::vector<float> table(double (*function)(double), int positions) {
  std::vector<float> numbers;
  for (int position = 0; position < positions; ++position) {
    numbers.push_back(static_cast<float>(function(position)));
    numbers.push_back(static_cast<float>(function(position / 10.0)));
  }
  return numbers;
}

double cosine(double x) {
  return std::cos(x);
}
double sine(double x) {
  return std::sin(x);
}

TEST_F(SpelledAttention, RotaryTablesAreRecognised) {
  const std::vector<float> x = some_numbers(3 * 8);
  ModelBuilder model;
  model.input("x", {1, 3, 8})
      .integers("positions", {1}, {1})
      .floats("cos", {5, 2}, table(cosine, 5))
      .floats("sin", {5, 2}, table(sine, 5))
      .node("RotaryEmbedding", {"x", "positions", "cos", "sin"}, {"y"}, {}, "rotary", kDomain)
      .output("y");
  EXPECT_THAT(kinds_of(numbers_.read(model).graph), ElementsAre("rotary"));
  std::vector<float> wanted(x.size());
  for (int token = 0; token < 3; ++token) {
    for (int head = 0; head < 2; ++head) {
      for (int pair = 0; pair < 2; ++pair) {
        const double angle = (token + 1) / (pair == 0 ? 1.0 : 10.0);
        const auto at = static_cast<std::size_t>(token * 8 + head * 4 + pair);
        const auto a = static_cast<double>(x[at]);
        const auto b = static_cast<double>(x[at + 2]);
        wanted[at] = static_cast<float>(a * std::cos(angle) - b * std::sin(angle));
        wanted[at + 2] = static_cast<float>(a * std::sin(angle) + b * std::cos(angle));
      }
    }
  }
  EXPECT_THAT(numbers_.run(model, {{"x", {{1, 3, 8}, x}}}).at("y"),
              Pointwise(FloatNear(kNear), wanted));
}

TEST_F(SpelledAttention, NeighboursTurnWherePairsAreInterleaved) {
  const std::vector<float> x = some_numbers(2 * 4);
  ModelBuilder model;
  model.input("x", {1, 2, 4})
      .integers("positions", {1, 2}, {3, 1})
      .floats("cos", {5, 2}, table(cosine, 5))
      .floats("sin", {5, 2}, table(sine, 5))
      .node("RotaryEmbedding", {"x", "positions", "cos", "sin"}, {"y"},
            {{"interleaved", std::int64_t{1}}}, "rotary", kDomain)
      .output("y");
  std::vector<float> wanted(x.size());
  for (int token = 0; token < 2; ++token) {
    for (int pair = 0; pair < 2; ++pair) {
      const double angle = (token == 0 ? 3 : 1) / (pair == 0 ? 1.0 : 10.0);
      const auto at = static_cast<std::size_t>(token * 4 + pair * 2);
      const auto a = static_cast<double>(x[at]);
      const auto b = static_cast<double>(x[at + 1]);
      wanted[at] = static_cast<float>(a * std::cos(angle) - b * std::sin(angle));
      wanted[at + 1] = static_cast<float>(a * std::sin(angle) + b * std::cos(angle));
    }
  }
  EXPECT_THAT(numbers_.run(model, {{"x", {{1, 2, 4}, x}}}).at("y"),
              Pointwise(FloatNear(kNear), wanted));
}

}  // namespace
}  // namespace systole
