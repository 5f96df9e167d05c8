#include <ostream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "compiler/network_type.h"
#include "study/evaluate.h"
#include "tests/support/forked.h"

namespace systole {
namespace {

/// An addition behind convolutions on either side, and activations as layers, each kind of limit.
constexpr std::string_view kLayers =
    "inputs: [{name: x, rows: 12, cols: 10, channels: 24}]\nlayers:\n"
    "- {name: a, op: conv2d, channels: 24, kernel: 3, padding: same, activation: relu}\n"
    "- {name: b, op: conv2d, channels: 24, kernel: 1}\n"
    "- {name: s, op: add, inputs: [a, b]}\n"
    "- {name: c, op: conv2d, channels: 24, kernel: 3, padding: same, activation: relu6}\n"
    "- {name: t, op: add, inputs: [c, s], activation: relu}\n"
    "- {name: d, op: conv2d, channels: 40, kernel: 1}\n"
    "- {name: u, op: relu6}\n"
    "- {name: e, op: conv2d, channels: 40, kernel: 1}\n"
    "- {name: v, op: sigmoid}\n";

Network network(DataType type) {
  return parse_network(fmt::format("network: n\nbatch: 2\n{}", kLayers), "n.yaml", {.type = type});
}

/// What a run leaves and how long it took, or what is wrong with it.
std::string run(std::string_view chip_name, DataType type, bool fuse) {
  const ForkedResult forked = run_forked([&]() -> std::string {
    const ChipSpec chip =
        read_chip(fmt::format("{}/configs/chips/{}.yaml", SYSTOLE_SOURCE_DIR, chip_name));
    const Network of_type = network(type);
    EvaluateOptions options{.check = true};
    options.fuse = fuse;
    options.tensors = {"v"};
    const Result result = evaluate(chip, of_type, options);
    if (!result.check->passed()) {
      return fmt::format("{} mismatches", result.check->mismatches);
    }
    std::string text = fmt::format("{} ", result.counters.elapsed.count());
    for (std::size_t layer = 0; layer < result.counters.layers.size(); ++layer) {
      if (result.counters.layers[layer].fused) {
        text += result.graph.nodes[layer].name;
      }
    }
    text += ' ';
    for (const std::int8_t byte : result.tensors.front().stored) {
      text += fmt::format("{},", byte);
    }
    return text;
  });
  return forked.exit_code == 0 ? forked.output : forked.error;
}

void expect_the_same_numbers(std::string_view chip, DataType type) {
  const std::string together = run(chip, type, true);
  const std::string apart = run(chip, type, false);
  const auto word = [](const std::string& text, int index) {
    std::size_t begin = 0;
    for (; index > 0; --index) {
      begin = text.find(' ', begin) + 1;
    }
    return text.substr(begin, text.find(' ', begin) - begin);
  };
  EXPECT_EQ(word(together, 1), "stuv") << together;
  EXPECT_EQ(word(apart, 1), "") << apart;
  EXPECT_EQ(word(together, 2), word(apart, 2));
  EXPECT_LT(std::stoll(word(together, 0)), std::stoll(word(apart, 0)));
}

TEST(FusedLayers, ComputeTheSameNumbersInLessTime) {
  expect_the_same_numbers("edge", DataType::Int8);
  expect_the_same_numbers("tpu_v1", DataType::Int8);
}

TEST(FusedLayers, ComputeTheSameNumbersInLessTimeInBf16) {
  expect_the_same_numbers("tpu_v3", DataType::Bf16);
}

struct Pair {
  std::string_view chip;
  std::string_view network;
  std::int64_t batch = 1;
};

void PrintTo(const Pair& pair, std::ostream* stream) {
  *stream << pair.network << " on " << pair.chip << ", batch " << pair.batch;
}

class FusedPairs : public testing::TestWithParam<Pair> {};

/// Cycles of a shipped network on a shipped chip.
std::int64_t cycles(const Pair& pair, bool fuse) {
  const ForkedResult forked = run_forked([&] {
    const ChipSpec chip =
        read_chip(fmt::format("{}/configs/chips/{}.yaml", SYSTOLE_SOURCE_DIR, pair.chip));
    const Network network =
        read_network(fmt::format("{}/workloads/{}.yaml", SYSTOLE_SOURCE_DIR, pair.network),
                     {.batch = pair.batch, .type = default_network_type(chip), .numbers = false});
    EvaluateOptions options;
    options.fuse = fuse;
    return fmt::format("{}", evaluate(chip, network, options).counters.elapsed.count());
  });
  EXPECT_EQ(forked.exit_code, 0) << forked.error;
  return std::stoll(forked.output);
}

TEST_P(FusedPairs, TakeLessTime) {
  EXPECT_LT(cycles(GetParam(), true), cycles(GetParam(), false));
}

INSTANTIATE_TEST_SUITE_P(
    Shipped, FusedPairs,
    testing::Values(Pair{"edge", "resnet18", 1}, Pair{"edge", "resnet50", 1},
                    Pair{"edge_os", "resnet18", 1}, Pair{"edge_is", "resnet50", 1},
                    Pair{"edge", "mobilenet_v2", 1}, Pair{"tpu_v1", "resnet50", 1},
                    Pair{"tpu_v1", "resnet50", 8}, Pair{"tpu_v1", "mobilenet_v2", 1},
                    Pair{"tpu_v2", "resnet50", 1}, Pair{"tpu_v3", "resnet50", 8},
                    Pair{"tpu_v3", "bert_base", 1}, Pair{"tpu_v4", "vit_b_16", 1},
                    Pair{"tpu_v5e", "resnet50", 1}, Pair{"asic_inference", "resnet50", 1}),
    [](const auto& pair) {
      return fmt::format("{}_{}_batch_{}", pair.param.chip, pair.param.network, pair.param.batch);
    });

/// Where the array waits for weights all the time nothing is gained, and the loops read what they
/// add while it streams: a thousandth at most.
TEST(FusedLayers, CostNothingWhereWeightsAreTheLimit) {
  for (const Pair& pair : {Pair{"tpu_v1", "bert_base", 1}, Pair{"tpu_v1", "vit_b_16", 1}}) {
    const std::int64_t apart = cycles(pair, false);
    EXPECT_LE(cycles(pair, true), apart + apart / 1000) << pair.network;
  }
}

}  // namespace
}  // namespace systole
