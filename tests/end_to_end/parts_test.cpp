// Layers that run in parts of the batch (compiler/allocation/segment.h).
#include <optional>
#include <ostream>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "compiler/frontend/read_network.h"
#include "compiler/network_type.h"
#include "study/evaluate.h"
#include "tests/end_to_end/support/laws.h"
#include "tests/support/forked.h"

namespace systole {
namespace {

ChipSpec shipped_chip(const std::string& name) {
  return read_chip(fmt::format("{}/configs/chips/{}.yaml", SYSTOLE_SOURCE_DIR, name));
}

/// An image of a layer has 16 * 16 * 16 = 4,096 elements, its weights 9 * 16 * 16 = 2,304. The
/// first layer's output is needed by the last of the four that follow, and again behind them.
constexpr const char* kResidual = R"(
network: residual
batch: 4
inputs:
  - {name: x, rows: 16, cols: 16, channels: 16}
layers:
  - {name: stem, op: conv2d, channels: 16, kernel: 3, padding: 1, activation: relu}
  - {name: a, op: conv2d, channels: 16, kernel: 3, padding: 1, activation: relu}
  - {name: b, op: conv2d, channels: 16, kernel: 3, padding: 1}
  - {name: sum, op: add, inputs: [b, stem]}
  - {name: pool, op: max_pool, kernel: 2, stride: 2}
  - {name: c, op: conv2d, channels: 16, kernel: 1}
  - {name: flat, op: flatten}
  - {name: fc, op: dense, features: 10}
)";

/// Holds an image of three layers, but not a batch of one; its memory is slow.
ChipSpec small_chip(const std::string& name) {
  ChipSpec chip = shipped_chip(name);
  chip.buffer.capacity = Bytes(24 * 1024);
  chip.dram.standard.timing.tCK = chip.dram.standard.timing.tCK * 25;
  chip.io = IoMemory::Device;
  return chip;
}

struct Course {
  std::int64_t cycles = 0;
  std::int64_t dram_bytes = 0;
  std::int64_t mismatches = 0;
  std::string broken;
};

Course course_of(const ChipSpec& chip, const Network& network, bool parts, bool check) {
  const ForkedResult child = run_forked([&] {
    const Program program = compile(chip, network.graph, {.parts = parts});
    const Result result = evaluate_program(chip, network, program, {.check = check});
    return fmt::format("{} {} {} {}", result.counters.elapsed.count(),
                       result.counters.dram.read_bytes + result.counters.dram.write_bytes,
                       check ? result.check->mismatches : 0, broken_laws(result, program));
  });
  EXPECT_EQ(child.exit_code, 0) << child.error;
  Course course;
  std::istringstream text(child.output);
  text >> course.cycles >> course.dram_bytes >> course.mismatches;
  std::getline(text >> std::ws, course.broken, '\0');
  return course;
}

class Parts : public testing::TestWithParam<std::string> {};

/// Four parts of an image: of the activations the input alone crosses the DRAM, and the weights of
/// a layer come four times.
TEST_P(Parts, ComputeTheSameAndLeaveActivationsInTheBuffer) {
  const ChipSpec chip = small_chip(GetParam());
  const Network network = parse_network(kResidual, "residual.yaml", {.type = DataType::Int8});
  const Course whole = course_of(chip, network, false, true);
  const Course parts = course_of(chip, network, true, true);
  EXPECT_EQ(whole.mismatches, 0);
  EXPECT_EQ(parts.mismatches, 0);
  EXPECT_EQ(whole.broken, "");
  EXPECT_EQ(parts.broken, "");
  EXPECT_LT(parts.dram_bytes, whole.dram_bytes);
  EXPECT_LT(parts.cycles, whole.cycles);
}

INSTANTIATE_TEST_SUITE_P(Chips, Parts, testing::Values("tpu_v1", "edge", "edge_is", "edge_os"),
                         [](const auto& chip) { return chip.param; });

/// Scores of a batch do not fit, those of an image do, and the memory is slow.
TEST(PartsOfAttention, ComputeTheSame) {
  ChipSpec chip = shipped_chip("tpu_v3");
  chip.buffer.capacity = Bytes(192 * 1024);
  chip.dram.channels = 1;
  chip.dram.capacity = chip.dram.standard.organization.capacity();
  chip.io = IoMemory::Device;
  const Network network = parse_network(R"(
network: attention
batch: 4
inputs:
  - {name: x, extents: [96, 64]}
layers:
  - {name: q, op: dense, input: x, features: 64}
  - {name: k, op: dense, input: x, features: 64}
  - {name: v, op: dense, input: x, features: 64}
  - {name: scores, op: matmul, inputs: [q, k], heads: 4, transpose_b: true, scale: 0.25}
  - {name: probabilities, op: softmax}
  - {name: contexts, op: matmul, inputs: [probabilities, v], heads: 4}
  - {name: out, op: dense, features: 64}
  - {name: sum, op: add, inputs: [out, x]}
)",
                                        "attention.yaml", {.type = DataType::Bf16});
  const Course whole = course_of(chip, network, false, true);
  const Course parts = course_of(chip, network, true, true);
  EXPECT_EQ(whole.mismatches, 0);
  EXPECT_EQ(parts.mismatches, 0);
  EXPECT_EQ(parts.broken, "");
  EXPECT_LT(parts.dram_bytes, whole.dram_bytes);
}

struct Subject {
  std::string chip;
  std::string network;
  std::int64_t batch;
};

void PrintTo(const Subject& subject, std::ostream* stream) {
  *stream << subject.network << " on " << subject.chip << ", batch " << subject.batch;
}

class PartsOfShippedNetworks : public testing::TestWithParam<Subject> {};

TEST_P(PartsOfShippedNetworks, NeverLose) {
  const ChipSpec chip = shipped_chip(GetParam().chip);
  const Network network =
      read_network(fmt::format("{}/workloads/{}.yaml", SYSTOLE_SOURCE_DIR, GetParam().network),
                   {.batch = GetParam().batch, .type = default_network_type(chip)});
  const Course whole = course_of(chip, network, false, false);
  const Course parts = course_of(chip, network, true, false);
  EXPECT_LE(parts.cycles, whole.cycles);
  EXPECT_LE(parts.dram_bytes, whole.dram_bytes);
  EXPECT_EQ(parts.broken, "");
}

INSTANTIATE_TEST_SUITE_P(
    Shipped, PartsOfShippedNetworks,
    testing::Values(Subject{"tpu_v1", "resnet50", 8}, Subject{"tpu_v1", "resnet50", 32},
                    Subject{"tpu_v1", "vgg16", 8}, Subject{"tpu_v2", "resnet50", 16},
                    Subject{"tpu_v3", "resnet50", 16}, Subject{"tpu_v3", "bert_base", 8},
                    Subject{"tpu_v3", "vit_b_16", 8}, Subject{"tpu_v4", "resnet50", 16},
                    Subject{"tpu_v5e", "resnet50", 8}, Subject{"edge", "alexnet", 4},
                    Subject{"asic_inference", "resnet50", 8}),
    [](const auto& subject) {
      return fmt::format("{}_{}_batch_{}", subject.param.chip, subject.param.network,
                         subject.param.batch);
    });

}  // namespace
}  // namespace systole
