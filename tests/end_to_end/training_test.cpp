// Training on the chips that ship: every tensor checked, states handed from step to step, and what
// is learned.
#include "study/training.h"

#include <cmath>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "compiler/frontend/read_network.h"
#include "compiler/training/training_data.h"
#include "compiler/training/training_graph.h"
#include "compiler/verify/verify.h"
#include "tests/arch/isa/open_program.h"
#include "tests/compiler/training/double_step.h"
#include "tests/end_to_end/support/laws.h"
#include "tests/support/forked.h"

namespace systole {
namespace {

ChipSpec shipped_chip(const std::string& name) {
  return read_chip(fmt::format("{}/configs/chips/{}.yaml", SYSTOLE_SOURCE_DIR, name));
}

struct Training {
  TrainingGraph step;
  std::shared_ptr<TrainingData> data;

  Training(const std::string& body, std::int64_t batch, const TrainingOptions& options) {
    const Network network =
        parse_network("network: n\n" + body, "n.yaml", {.batch = batch, .type = DataType::Bf16});
    step = training_graph(network.graph, options);
    data = std::make_shared<TrainingData>(network.graph, network.data, step, options, 1);
  }
};

constexpr const char* kPerceptron = R"(
inputs: [{name: x, features: 20}]
layers:
  - {name: a, op: dense, features: 40, activation: relu}
  - {name: b, op: dense, features: 40, activation: tanh}
  - {name: c, op: dense, features: 6}
)";

/// Mismatches and broken laws of one step.
std::string outcome_of(const ChipSpec& chip, const Training& training) {
  const Network network{.graph = training.step.graph, .data = training.data};
  const Program program = compile(chip, network.graph);
  const Result result = evaluate_program(chip, network, program, {.check = true});
  return fmt::format("{}{} mismatches", broken_laws(result, program), result.check->mismatches);
}

std::string outcome_of(const std::string& chip_name, const Training& training) {
  return outcome_of(shipped_chip(chip_name), training);
}

/// A step is right on tpu_v3 with so little of the unified buffer.
void expect_right_in(Bytes buffer, const char* body, std::int64_t batch) {
  const ForkedResult child = run_forked([&] {
    ChipSpec chip = shipped_chip("tpu_v3");
    chip.buffer.capacity = buffer;
    return outcome_of(chip, Training(body, batch, {}));
  });
  EXPECT_EQ(child.exit_code, 0) << child.error;
  EXPECT_EQ(child.output, "0 mismatches") << body;
}

class TrainingOn : public ::testing::TestWithParam<std::string> {};

TEST_P(TrainingOn, IsRightInEveryTensorAndState) {
  for (const OptimizerKind kind : {OptimizerKind::Sgd, OptimizerKind::Adam, OptimizerKind::AdamW}) {
    for (const Loss loss : {Loss::CrossEntropy, Loss::MeanSquaredError}) {
      const ForkedResult child = run_forked([&] {
        const Training training(kPerceptron, 24, {.loss = loss, .optimizer = {.kind = kind}});
        return outcome_of(GetParam(), training);
      });
      EXPECT_EQ(child.exit_code, 0) << child.error;
      EXPECT_EQ(child.output, "0 mismatches") << name_of(kind) << " " << name_of(loss);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Chips, TrainingOn,
                         ::testing::Values("tpu_v2", "tpu_v3", "tpu_v4", "tpu_v5e"),
                         [](const auto& chip) { return chip.param; });

/// Kernels of several sizes, strides and channels, odd against every array.
constexpr const char* kConvolutions = R"(
inputs: [{name: x, rows: 11, cols: 10, channels: 3}]
layers:
  - {name: a, op: conv2d, channels: 10, kernel: 3, padding: 1, batch_norm: true, activation: relu}
  - {name: p, op: max_pool, kernel: 3, stride: 2, padding: 1}
  - {name: b, op: conv2d, channels: 130, kernel: [3, 2], stride: 2, padding: 1, activation: relu}
  - {name: c, op: conv2d, channels: 20, kernel: 1, batch_norm: true}
  - {name: d, op: conv2d, channels: 20, kernel: 3, padding: 2, dilation: 2}
  - {name: e, op: add, inputs: [c, d], activation: relu}
  - {name: s, op: conv2d, channels: 9, kernel: 1, stride: 2}
  - {name: q, op: average_pool, kernel: 2, stride: 1}
  - {name: g, op: global_average_pool}
  - {name: f, op: flatten}
  - {name: o, op: dense, features: 5}
)";

TEST_P(TrainingOn, IsRightInEveryTensorOfConvolutions) {
  const ForkedResult child = run_forked([&] {
    const Training training(kConvolutions, 3, {});
    return outcome_of(GetParam(), training);
  });
  EXPECT_EQ(child.exit_code, 0) << child.error;
  EXPECT_EQ(child.output, "0 mismatches");
}

/// Heads that share keys, parts of features, rows put together, positions learnt and turned.
constexpr const char* kTransformer = R"(
inputs: [{name: x, extents: [9, 20]}, {name: first, extents: [1, 24]}]
layers:
  - {name: e, op: dense, input: x, features: 24}
  - {name: t, op: concat, inputs: [first, e], axis: 1}
  - {name: p, op: position_embedding}
  - {name: n, op: layer_norm}
  - {name: qkv, op: dense, features: 48}
  - {name: q0, op: slice, input: qkv, axis: 2, first: 0, size: 24}
  - {name: k0, op: slice, input: qkv, axis: 2, first: 24, size: 12}
  - {name: v, op: slice, input: qkv, axis: 2, first: 36, size: 12}
  - {name: q, op: rotary, input: q0, heads: 4}
  - {name: k, op: rotary, input: k0, heads: 2}
  - {name: s, op: matmul, inputs: [q, k], heads: 4, kv_heads: 2, transpose_b: true, scale: 0.4}
  - {name: w, op: softmax, causal: true}
  - {name: c, op: matmul, inputs: [w, v], heads: 4, kv_heads: 2}
  - {name: o, op: dense, features: 24}
  - {name: a, op: add, inputs: [o, p]}
  - {name: m, op: rms_norm}
  - {name: gate, op: dense, features: 40, activation: silu}
  - {name: up, op: dense, input: m, features: 40}
  - {name: g, op: mul, inputs: [gate, up]}
  - {name: down, op: dense, features: 24}
  - {name: b, op: add, inputs: [down, a]}
  - {name: last, op: slice, axis: 1, first: 3, size: 7}
  - {name: l, op: dense, features: 11}
)";

TEST_P(TrainingOn, IsRightInEveryTensorOfTransformers) {
  const ForkedResult child = run_forked([&] {
    const Training training(kTransformer, 3, {.optimizer = {.kind = OptimizerKind::AdamW}});
    return outcome_of(GetParam(), training);
  });
  EXPECT_EQ(child.exit_code, 0) << child.error;
  EXPECT_EQ(child.output, "0 mismatches");
}

/// Groups, a kernel for each channel, transposed and enlarged images, windows that leave padding
/// out, constants of several numbers.
constexpr const char* kImages = R"(
inputs: [{name: x, rows: 9, cols: 8, channels: 3}]
layers:
  - {name: a, op: conv2d, channels: 12, kernel: 3, padding: 1, activation: relu}
  - {name: g, op: conv2d, channels: 8, kernel: 3, stride: 2, padding: 1, groups: 4, batch_norm: true}
  - {name: c, op: conv2d, channels: 8, kernel: 3, padding: 1, groups: 8, activation: relu6}
  - {name: t, op: conv_transpose2d, channels: 6, kernel: 2, stride: 2}
  - {name: p, op: average_pool, kernel: 3, stride: 2, padding: 1}
  - {name: e, op: resize, factor: 2}
  - {name: m, op: mul_constant}
  - {name: b, op: concat, inputs: [m, e]}
  - {name: s, op: global_average_pool}
  - {name: f, op: flatten}
  - {name: o, op: dense, features: 5}
)";

/// A table, of which one row is taken twice; blocks of attention, whose scores are masked; sums.
constexpr const char* kTokens = R"(
inputs: [{name: x, extents: [8, 12]}]
states: [{name: table, extents: [20, 12], shared: true}]
layers:
  - {name: row, op: gather, input: table, rows: "4,7,4,0..2,19,5"}
  - {name: t, op: add, inputs: [row, x]}
  - {name: q, op: dense, features: 12}
  - {name: k, op: dense, input: t, features: 12}
  - {name: v, op: dense, input: t, features: 12}
  - {name: c, op: attention, inputs: [q, k, v], heads: 3, causal: true, block_size: 4}
  - {name: u, op: cumulative_sum}
  - {name: o, op: dense, features: 7}
)";

/// Token numbers, looked up; layers of cells, whose steps share weights.
constexpr const char* kSequences = R"(
inputs: [{name: tokens, indices: 5, below: 11}]
states: [{name: table, extents: [11, 8], shared: true}]
layers:
  - {name: row, op: gather, inputs: [table, tokens]}
  - {name: r, op: lstm, cells: 6}
  - {name: g, op: gru, cells: 5, last: true}
  - {name: o, op: dense, features: 3}
)";

/// Three steps of cells, all by the same weights.
constexpr const char* kCells = R"(
inputs: [{name: x, extents: [3, 6]}, {name: h0, extents: [1, 5]}]
states: [{name: w, extents: [11, 20], shared: true}]
blocks:
  cell:
    - {name: now, op: slice, input: $input, axis: 1, first: $step, size: 1}
    - {name: both, op: concat, inputs: [now, $h]}
    - {name: gates, op: matmul, inputs: [both, $w]}
    - {name: in, op: slice, input: gates, axis: 2, first: 0, size: 5}
    - {name: forget, op: slice, input: gates, axis: 2, first: 5, size: 5}
    - {name: new, op: slice, input: gates, axis: 2, first: 10, size: 5}
    - {name: out, op: slice, input: gates, axis: 2, first: 15, size: 5}
    - {name: cell, op: formula, inputs: [in, forget, new, $c], of: 'sigmoid(b)*d+sigmoid(a)*tanh(c)'
}
    - {name: next, op: formula, inputs: [out, cell], of: 'sigmoid(a)*tanh(b)'}
layers:
  - {name: c0, op: mul_constant, input: h0, number: 0.5}
  - {name: s0, block: cell, input: x, with: {step: 0, h: h0, c: c0, w: w}}
  - {name: s1, block: cell, input: x, with: {step: 1, h: s0.next, c: s0.cell, w: w}}
  - {name: s2, block: cell, input: x, with: {step: 2, h: s1.next, c: s1.cell, w: w}}
  - {name: o, op: dense, features: 4}
)";

TEST_P(TrainingOn, IsRightInEveryTensorOfOtherOperators) {
  for (const char* const body : {kImages, kTokens, kSequences, kCells}) {
    SCOPED_TRACE(body);
    const ForkedResult child = run_forked([&] {
      const Training training(body, 3, {});
      return outcome_of(GetParam(), training);
    });
    EXPECT_EQ(child.exit_code, 0) << child.error;
    EXPECT_EQ(child.output, "0 mismatches");
  }
}

/// Of a batch of one the gradient by weights has a reduction of one, band by band; of an image
/// of one channel the channels are as many as pixels of an image of one pixel.
TEST(TrainingSteps, AreRightForOneSampleAndOneChannel) {
  for (const char* const body : {R"(
inputs: [{name: x, features: 200}]
layers:
  - {name: a, op: dense, features: 300, activation: relu}
  - {name: b, op: dense, features: 150}
)",
                                 R"(
inputs: [{name: x, rows: 9, cols: 8, channels: 1}]
layers:
  - {name: a, op: conv2d, channels: 5, kernel: 3, activation: relu}
  - {name: b, op: conv2d, channels: 1, kernel: [3, 2]}
  - {name: c, op: conv2d, channels: 2, kernel: 2, stride: 2}
)"}) {
    expect_right_in(Bytes(64 * 1024), body, 1);
  }
}

/// Operands that a product needs whole in parts.
TEST(TrainingSteps, AreRightInParts) {
  for (const char* const body : {kPerceptron, kConvolutions, kTransformer, kImages}) {
    SCOPED_TRACE(body);
    const ForkedResult child = run_forked(
        [&] { return outcome_of("tpu_v3", Training(body, 5, {.most_whole_bytes = 500})); });
    EXPECT_EQ(child.exit_code, 0) << child.error;
    EXPECT_EQ(child.output, "0 mismatches");
  }
}

TEST(TrainingSteps, AreRightWithEveryOption) {
  for (const char* const body : {kPerceptron, kConvolutions, kTransformer}) {
    const ForkedResult child = run_forked([&] {
      const Training training(body, 2,
                              {.optimizer = {.kind = OptimizerKind::Adam},
                               .recompute = Recompute::Blocks,
                               .accumulate = 2,
                               .loss_scale = 256,
                               .clip_norm = 0.5});
      return outcome_of("tpu_v3", training);
    });
    EXPECT_EQ(child.exit_code, 0) << child.error;
    EXPECT_EQ(child.output, "0 mismatches");
  }
}

/// Losses are the same to the last bit with and without.
TEST(TrainingSteps, ComputeBlocksAgainBitForBit) {
  const auto losses = [&](Recompute recompute) {
    const ForkedResult child = run_forked([&] {
      const Training training(kTransformer, 2, {.recompute = recompute});
      const Result result =
          train(shipped_chip("tpu_v3"), training.step, training.data, 3, true, {.check = true});
      EXPECT_EQ(result.check->mismatches, 0);
      return fmt::format("{}", fmt::join(result.training->losses, " "));
    });
    EXPECT_EQ(child.exit_code, 0) << child.error;
    return child.output;
  };
  EXPECT_EQ(losses(Recompute::Blocks), losses(Recompute::None));
}

/// What a faulty program of a step is told: by the proof, and by the numbers.
struct Verdict {
  bool proof_fails = false;
  std::int64_t mismatches = 0;
};

template <class Change>
Verdict verdict_on(const ChipSpec& chip, const Training& training, Change change) {
  Program program = compile(chip, training.step.graph);
  EXPECT_EQ(verify(chip, program), std::nullopt);
  testing::OpenProgram open = program;
  EXPECT_TRUE(change(open)) << "nothing to spoil";
  program = open.closed();
  const bool proof_fails = verify(chip, program).has_value();
  const ForkedResult child = run_forked([&] {
    const Network network{.graph = training.step.graph, .data = training.data};
    return fmt::format("{}",
                       evaluate_program(chip, network, program, {.check = true}).check->mismatches);
  });
  EXPECT_EQ(child.exit_code, 0) << child.error;
  return {.proof_fails = proof_fails, .mismatches = std::atoll(child.output.c_str())};
}

/// A gradient by weights is a sum over the batch, tile by tile: one part is forgotten.
TEST(TrainingFaults, AMissingAccumulationIsFound) {
  const Training training(kPerceptron, 300, {});
  const auto& phases = training.step.graph.step->phases;
  const Verdict verdict =
      verdict_on(shipped_chip("tpu_v3"), training, [&](testing::OpenProgram& program) {
        for (Instruction& instruction : program.stream(EngineKind::Matrix)) {
          auto& fold = std::get<Fold>(instruction.operation);
          if (fold.accumulate &&
              phases[static_cast<std::size_t>(instruction.layer)] == StepPhase::Backward) {
            fold.accumulate = false;
            return true;
          }
        }
        return false;
      });
  EXPECT_TRUE(verdict.proof_fails);
  EXPECT_GT(verdict.mismatches, 0);
}

/// An activation was kept in DRAM for the way back, and its first band is read in the place of
/// another.
TEST(TrainingFaults, AStaleActivationIsFound) {
  ChipSpec chip = shipped_chip("tpu_v3");
  chip.buffer.capacity = Bytes(96 * 1024);
  const Training training(kPerceptron, 300, {});
  const auto& phases = training.step.graph.step->phases;
  const Verdict verdict = verdict_on(chip, training, [&](testing::OpenProgram& program) {
    for (Instruction& instruction : program.stream(EngineKind::DmaIn)) {
      auto& transfer = std::get<Transfer>(instruction.operation);
      const auto tensor = static_cast<std::size_t>(transfer.far.tensor);
      if (phases[static_cast<std::size_t>(instruction.layer)] == StepPhase::Backward &&
          transfer.far.tensor >= 0 && transfer.far.offset > 0 &&
          program.tensors[tensor].name == "b.tanh") {
        transfer.far.address -= std::exchange(transfer.far.offset, 0);
        return true;
      }
    }
    return false;
  });
  EXPECT_TRUE(verdict.proof_fails);
  EXPECT_GT(verdict.mismatches, 0);
}

/// The same of what comes back into the buffer as a whole.
TEST(TrainingFaults, AStaleTensorThatComesBackIsFound) {
  const ChipSpec chip = shipped_chip("tpu_v3");
  std::string body = "inputs: [{name: x, features: 64}]\nlayers:\n";
  for (int layer = 0; layer < 12; ++layer) {
    body += fmt::format("- {{name: l{}, op: dense, features: 96, activation: tanh}}\n", layer);
  }
  const Training training(body, 300, {.most_whole_bytes = chip.buffer.capacity.count() / 8});
  const Verdict verdict = verdict_on(chip, training, [&](testing::OpenProgram& program) {
    for (Instruction& instruction : program.stream(EngineKind::DmaIn)) {
      auto& transfer = std::get<Transfer>(instruction.operation);
      const auto tensor = static_cast<std::size_t>(transfer.far.tensor);
      if (transfer.far.tensor >= 0 && transfer.far.offset > 0 &&
          program.tensors[tensor].name == "l0.tanh") {
        transfer.far.address -= std::exchange(transfer.far.offset, 0);
        return true;
      }
    }
    return false;
  });
  EXPECT_TRUE(verdict.proof_fails);
  EXPECT_GT(verdict.mismatches, 0);
}

/// Little of the buffer: everything streams in bands.
TEST(TrainingSteps, AreRightInASmallBuffer) {
  for (const char* const body : {kPerceptron, kConvolutions, kTransformer}) {
    expect_right_in(Bytes(96 * 1024), body, 5);
  }
}

/// The same steps in double precision: losses by step.
std::vector<double> losses_in_double(const Training& training, std::int64_t steps) {
  const Graph& graph = training.step.graph;
  std::vector<double> losses;
  DoubleValues given;
  for (const GraphTensorId state : graph.states) {
    const std::vector<float> numbers = training.data->value(graph, state).numbers();
    given[state] = {numbers.begin(), numbers.end()};
  }
  for (std::int64_t number = 1; number <= steps; ++number) {
    training.data->set_step(number);
    for (const GraphTensorId input : graph.inputs) {
      const std::vector<float> numbers = training.data->value(graph, input).numbers();
      given[input] = {numbers.begin(), numbers.end()};
    }
    const DoubleValues values = evaluated_in_double(graph, given);
    losses.push_back(values.at(training.step.loss).front());
    for (const Node& node : graph.nodes) {
      if (changes_state(node.op)) {
        given.at(node.inputs.front()) = values.at(node.output());
      }
    }
  }
  return losses;
}

TEST(TrainingSteps, LearnAsTheReferenceDoes) {
  constexpr std::int64_t kSteps = 30;
  const TrainingOptions options{.loss = Loss::CrossEntropy,
                                .optimizer = {.rate = 0.1, .momentum = 0.9}};
  const ForkedResult child = run_forked([&] {
    const Training training(kPerceptron, 32, options);
    const Result result =
        train(shipped_chip("tpu_v3"), training.step, training.data, kSteps, true, {.check = true});
    const auto figures = training_figures(result);
    EXPECT_EQ(result.check->mismatches, 0);
    EXPECT_EQ(figures->losses.size(), kSteps);
    const Training again(kPerceptron, 32, options);
    const std::vector<double> wanted = losses_in_double(again, kSteps);
    // bf16 keeps 8 bits: the same way down, a little beside it.
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      EXPECT_NEAR(figures->losses[i], wanted[i], 0.02 + 0.05 * wanted[i]) << "step " << i + 1;
    }
    EXPECT_LT(*figures->last_loss, *figures->first_loss / 2);
    return fmt::format("{:.3f} -> {:.3f}", *figures->first_loss, *figures->last_loss);
  });
  EXPECT_EQ(child.exit_code, 0) << child.error;
  RecordProperty("losses", child.output);
}

TEST(TrainingSteps, OfConvolutionsLearnToo) {
  constexpr const char* kSmall = R"(
inputs: [{name: x, rows: 6, cols: 6, channels: 2}]
layers:
  - {name: a, op: conv2d, channels: 8, kernel: 3, padding: 1, batch_norm: true, activation: relu}
  - {name: p, op: max_pool, kernel: 2}
  - {name: b, op: conv2d, channels: 16, kernel: 3, padding: 1, activation: relu}
  - {name: f, op: flatten}
  - {name: o, op: dense, features: 3}
)";
  constexpr std::int64_t kSteps = 16;
  const TrainingOptions options{.loss = Loss::CrossEntropy,
                                .optimizer = {.rate = 0.02, .momentum = 0.9}};
  const ForkedResult child = run_forked([&] {
    const Training training(kSmall, 32, options);
    const Result result =
        train(shipped_chip("tpu_v3"), training.step, training.data, kSteps, true, {.check = true});
    EXPECT_EQ(result.check->mismatches, 0);
    const std::vector<double>& losses = result.training->losses;
    const Training again(kSmall, 32, options);
    const std::vector<double> wanted = losses_in_double(again, kSteps);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      EXPECT_NEAR(losses[i], wanted[i], 0.03 + 0.08 * wanted[i]) << "step " << i + 1;
    }
    EXPECT_LT(losses.back(), 0.8 * losses.front());
    return fmt::format("{:.3f} -> {:.3f}", losses.front(), losses.back());
  });
  EXPECT_EQ(child.exit_code, 0) << child.error;
  RecordProperty("losses", child.output);
}

/// The second step begins with what the first one left, bit for bit.
TEST(TrainingSteps, HandTheirStatesOn) {
  const TrainingOptions options{.loss = Loss::MeanSquaredError,
                                .optimizer = {.kind = OptimizerKind::Adam}};
  const auto losses = [&](std::int64_t steps) {
    const ForkedResult child = run_forked([&] {
      const Training training(kPerceptron, 8, options);
      const Result result =
          train(shipped_chip("tpu_v3"), training.step, training.data, steps, true, {});
      std::string text;
      for (const double loss : result.training->losses) {
        text += fmt::format("{} ", loss);
      }
      return text;
    });
    EXPECT_EQ(child.exit_code, 0) << child.error;
    return child.output;
  };
  const std::string three = losses(3);
  EXPECT_TRUE(three.starts_with(losses(2))) << three;
  EXPECT_EQ(std::count(three.begin(), three.end(), ' '), 3);
}

/// Time does not depend on the numbers.
TEST(TrainingSteps, TakeAsLongWithAndWithoutNumbers) {
  const auto cycles = [&](bool numbers) {
    return run_forked([&] {
             const Training training(kPerceptron, 16, {});
             const Result result =
                 train(shipped_chip("tpu_v3"), training.step, training.data, 1, numbers, {});
             return fmt::format("{}", result.counters.elapsed.count());
           })
        .output;
  };
  EXPECT_EQ(cycles(true), cycles(false));
}

/// Each layer behind the second adds to a step what that one adds (scripts/training_sum): time
/// within 2 %, which is how far layers overlap with others than their like.
TEST(TrainingFigures, OfManyLayersFollowFromThoseOfOneAndTwo) {
  const auto seconds = [](int layers) {
    const ForkedResult child = run_forked([&] {
      const Training training(fmt::format(R"(
inputs: [{{name: x, extents: [32, 64]}}]
blocks:
  layer:
    - {{name: n, op: layer_norm}}
    - {{name: q, op: dense, features: 64}}
    - {{name: k, op: dense, input: n, features: 64}}
    - {{name: v, op: dense, input: n, features: 64}}
    - {{name: c, op: attention, inputs: [q, k, v], heads: 4, causal: true}}
    - {{name: o, op: dense, features: 64}}
    - {{name: a, op: add, inputs: [o, $input]}}
    - {{name: m, op: layer_norm}}
    - {{name: up, op: dense, features: 256, activation: gelu}}
    - {{name: down, op: dense, features: 64}}
    - {{name: b, op: add, inputs: [down, a]}}
layers:
  - {{name: layer, repeat: {}, block: layer, input: x}}
  - {{name: logits, op: dense, features: 100}}
)",
                                          layers),
                              2, {});
      const Result result =
          train(shipped_chip("tpu_v3"), training.step, training.data, 1, false, {});
      return fmt::format("{}", training_figures(result)->step_seconds);
    });
    EXPECT_EQ(child.exit_code, 0) << child.error;
    return std::atof(child.output.c_str());
  };
  const double one = seconds(1);
  const double sum = one + 7 * (seconds(2) - one);
  const double whole = seconds(8);
  EXPECT_NEAR(sum / whole, 1, 0.02);
}

TEST(TrainingFigures, AddUp) {
  const ForkedResult child = run_forked([] {
    const Training training(kPerceptron, 16, {});
    const Result result = train(shipped_chip("tpu_v3"), training.step, training.data, 1, false, {});
    const auto figures = training_figures(result);
    EXPECT_NEAR(figures->forward_share + figures->backward_share + figures->update_share, 1, 1e-12);
    EXPECT_GT(figures->update_share, 0);
    // fp32 master and moment of each, and a bf16 copy of the weights.
    const std::int64_t weights = 20 * 40 + 40 * 40 + 40 * 6;
    const std::int64_t biases = 40 + 40 + 6;
    EXPECT_EQ(figures->parameters, weights + biases);
    EXPECT_EQ(figures->state_bytes, 8 * (weights + biases) + 2 * weights);
    EXPECT_NEAR(figures->forward_factor, 3 - 20.0 * 40 / static_cast<double>(weights), 1e-12);
    const double peak = 2.0 * 2 * 128 * 128 * 940e6;  // two arrays
    EXPECT_NEAR(figures->mfu_6nd,
                6.0 * static_cast<double>(weights + biases) * 16 / peak / figures->step_seconds,
                1e-9);
    EXPECT_NEAR(figures->mfu,
                2.0 * 16 * figures->forward_factor * static_cast<double>(weights) / peak /
                    figures->step_seconds,
                1e-9);
    return std::string();
  });
  EXPECT_EQ(child.exit_code, 0) << child.error;
}

}  // namespace
}  // namespace systole
