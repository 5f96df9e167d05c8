#include <algorithm>
#include <functional>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "compiler/verify/verify.h"
#include "study/evaluate.h"
#include "tests/end_to_end/support/random_case.h"
#include "tests/support/forked.h"

namespace systole {
namespace {

/// Two convolutions on an 8 x 8 array: two tiles each way, enough rows to keep engines apart.
struct Subject {
  ChipSpec chip;
  Network network;
  Program program;
};

Subject subject() {
  ChipSpec chip = read_chip(SYSTOLE_SOURCE_DIR "/configs/chips/tpu_v1.yaml");
  chip.matrix.rows = 8;
  chip.matrix.cols = 8;
  Network network = read_network(SYSTOLE_SOURCE_DIR "/tests/end_to_end/data/two_convolutions.yaml");
  Program program = compile(chip, network.graph);
  return {.chip = std::move(chip), .network = std::move(network), .program = std::move(program)};
}

/// The check's verdict on a program, in a process of its own.
std::string verdict(const Subject& subject) {
  const ForkedResult result = run_forked([&] {
    const Result evaluated =
        evaluate_program(subject.chip, subject.network, subject.program, {.check = true});
    const CheckResult& check = *evaluated.check;
    if (check.passed()) {
      return std::string("passed");
    }
    const Mismatch& first = check.first.front();
    return fmt::format("{} at {},{},{},{}", first.tensor, first.batch, first.row, first.col,
                       first.channel);
  });
  return result.exit_code == 0 ? result.output : result.error;
}

template <class Op>
Op& operation(Program& program, Engine engine, std::size_t index) {
  return std::get<Op>(program.stream(engine).at(index).operation);
}

TEST(Faults, TheUntouchedProgramPasses) {
  const Subject sound = subject();
  EXPECT_EQ(verify(sound.chip, sound.program), std::nullopt);
  EXPECT_EQ(verdict(sound), "passed");
}

TEST(Faults, ADroppedWaitShowsInTheFirstTensor) {
  Subject faulty = subject();
  // The first fold no longer waits for the input: it reads the buffer before the host has written.
  auto& waits = faulty.program.stream(Engine::Matrix).front().waits;
  ASSERT_FALSE(waits.empty());
  waits.clear();
  EXPECT_NE(verify(faulty.chip, faulty.program), std::nullopt);
  EXPECT_EQ(verdict(faulty), "conv1 (accumulators) at 0,0,0,0");
}

TEST(Faults, ADroppedWaitForSpaceIsFoundByVerifyWhateverTheTiming) {
  // Few accumulators, so that the array must wait for the vector unit to empty them. In one run the
  // vector unit may be early enough by luck; verify does not depend on luck.
  Subject faulty = subject();
  faulty.chip.accumulators.entries = 64;
  faulty.program = compile(faulty.chip, faulty.network.graph);
  ASSERT_EQ(verify(faulty.chip, faulty.program), std::nullopt);
  const auto is_space_from_vector = [&](const SemaphoreUse& use) {
    const auto& semaphore = faulty.program.semaphores[static_cast<std::size_t>(use.semaphore)];
    return semaphore.kind == SemaphoreKind::Space && semaphore.from.kind == Engine::Vector;
  };
  const auto drop_first = [&](Engine engine, auto member) {
    for (Instruction& instruction : faulty.program.stream(engine)) {
      if (std::erase_if(instruction.*member, is_space_from_vector) > 0) {
        return true;
      }
    }
    return false;
  };
  ASSERT_TRUE(drop_first(Engine::Matrix, &Instruction::waits));
  ASSERT_TRUE(drop_first(Engine::Vector, &Instruction::signals));
  const auto violation = verify(faulty.chip, faulty.program);
  ASSERT_NE(violation, std::nullopt);
  EXPECT_NE(violation->find("accumulator"), std::string::npos) << *violation;
}

TEST(Faults, AShiftedBufferAddressShowsInTheNextTensor) {
  Subject faulty = subject();
  // One requantisation of conv1 stores a byte too far; its reader finds the wrong activations.
  for (Instruction& instruction : faulty.program.stream(Engine::Vector)) {
    if (auto* requantize = std::get_if<Requantize>(&instruction.operation)) {
      requantize->to.out.address += 1;
      break;
    }
  }
  EXPECT_NE(verify(faulty.chip, faulty.program), std::nullopt);
  EXPECT_TRUE(verdict(faulty).starts_with("conv2 (accumulators) at 0,")) << verdict(faulty);
}

TEST(Faults, TwoSwappedTilesShowInTheirOwnLayer) {
  Subject faulty = subject();
  // Two tiles of conv1 with the same shape trade places in DRAM reads only.
  auto& first = operation<LoadTile>(faulty.program, Engine::Weights, 0);
  auto& second = operation<LoadTile>(faulty.program, Engine::Weights, 1);
  ASSERT_EQ(first.rows * first.cols, second.rows * second.cols);
  std::swap(first.source.address, second.source.address);
  EXPECT_NE(verify(faulty.chip, faulty.program), std::nullopt);
  EXPECT_TRUE(verdict(faulty).starts_with("conv1 (accumulators) at 0,")) << verdict(faulty);
}

TEST(Faults, AMissingStoreShowsInHostMemory) {
  Subject faulty = subject();
  auto& host = faulty.program.stream(Engine::Host);
  ASSERT_FALSE(std::get<Transfer>(host.back().operation).to_buffer);
  // The last store goes nowhere near its place: it repeats the one byte before.
  auto& store = std::get<Transfer>(host.back().operation);
  store.row_bytes -= 1;
  EXPECT_NE(verify(faulty.chip, faulty.program), std::nullopt);
  EXPECT_TRUE(verdict(faulty).starts_with("conv2 (host) at 0,")) << verdict(faulty);
}

/// Rows of 12 features of 5 positions, two images: a normalisation, a softmax that looks back.
Subject rows_subject() {
  ChipSpec chip = read_chip(SYSTOLE_SOURCE_DIR "/configs/chips/tpu_v1.yaml");
  Network network = parse_network(
      "network: rows\nbatch: 2\ninputs: [{name: x, rows: 1, cols: 5, channels: 12}]\n"
      "layers:\n  - {name: norm, op: layer_norm}\n  - {name: seen, op: softmax, causal: true}\n",
      "rows.yaml");
  Program program = compile(chip, network.graph);
  return {.chip = std::move(chip), .network = std::move(network), .program = std::move(program)};
}

/// The first stage of its kind in the loop of a layer.
template <class Kind>
Kind& stage_of(Program& program, std::int32_t layer) {
  for (Instruction& instruction : program.stream(Engine::Vector)) {
    if (instruction.layer == layer) {
      for (Stage& stage : std::get<RowLoop>(instruction.operation).stages) {
        if (auto* found = std::get_if<Kind>(&stage)) {
          return *found;
        }
      }
    }
  }
  throw InternalError("no such stage");
}

TEST(Faults, AStageThatComputesSomethingElseShowsInItsTensor) {
  const Subject sound = rows_subject();
  EXPECT_EQ(verify(sound.chip, sound.program), std::nullopt);
  EXPECT_EQ(verdict(sound), "passed");
  Subject faulty = sound;  // verify does not look at numbers
  stage_of<FunctionStage>(faulty.program, 0).function = RealFunction::Sqrt;
  EXPECT_EQ(verify(faulty.chip, faulty.program), std::nullopt);
  EXPECT_TRUE(verdict(faulty).starts_with("norm at 0,0,0,")) << verdict(faulty);
  faulty = sound;
  stage_of<LoadStage>(faulty.program, 0).zero_point = 100;  // of the mean alone
  EXPECT_TRUE(verdict(faulty).starts_with("norm at 0,0,0,")) << verdict(faulty);
  faulty = sound;
  stage_of<MaskStage>(faulty.program, 1).first = 1;  // the maximum of one column more
  stage_of<MaskStage>(faulty.program, 1).offset += 1;
  EXPECT_EQ(verify(faulty.chip, faulty.program), std::nullopt);
}

TEST(Faults, ALoadOfOtherBytesIsFoundByVerifyAndShows) {
  const Subject sound = rows_subject();
  Subject faulty = sound;
  stage_of<LoadStage>(faulty.program, 0).from.address += 12;  // the next position's row
  EXPECT_NE(verify(faulty.chip, faulty.program), std::nullopt);
  EXPECT_TRUE(verdict(faulty).starts_with("norm at 0,0,0,")) << verdict(faulty);
  faulty = sound;
  stage_of<LoadStage>(faulty.program, 0).pitch = 24;
  EXPECT_NE(verify(faulty.chip, faulty.program), std::nullopt);
}

}  // namespace
}  // namespace systole
