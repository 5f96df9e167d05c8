#include <algorithm>
#include <functional>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "compiler/verify/verify.h"
#include "study/evaluate.h"
#include "tests/arch/isa/open_program.h"
#include "tests/end_to_end/support/random_case.h"
#include "tests/support/forked.h"
#include "tests/support/row_loops.h"

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

/// The program after `change` of it laid open.
template <class Change>
void change_program(Program& program, Change change) {
  testing::OpenProgram open = program;
  change(open);
  program = open.closed();
}

TEST(Faults, TheUntouchedProgramPasses) {
  const Subject sound = subject();
  EXPECT_EQ(verify(sound.chip, sound.program), std::nullopt);
  EXPECT_EQ(verdict(sound), "passed");
}

TEST(Faults, ADroppedWaitShowsInTheFirstTensor) {
  Subject faulty = subject();
  // The first fold no longer waits for the input: it reads the buffer before the host has written.
  ASSERT_FALSE(faulty.program.stream(EngineKind::Matrix)[0].waits().empty());
  change_program(faulty.program,
                 [](auto& program) { program.stream(EngineKind::Matrix).front().waits.clear(); });
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
    return semaphore.kind == SemaphoreKind::Space && semaphore.from.kind == EngineKind::Vector;
  };
  const auto drop_first = [&](EngineKind engine, auto member) {
    bool found = false;
    change_program(faulty.program, [&](auto& program) {
      for (Instruction& instruction : program.stream(engine)) {
        found = found || std::erase_if(instruction.*member, is_space_from_vector) > 0;
      }
    });
    return found;
  };
  ASSERT_TRUE(drop_first(EngineKind::Matrix, &Instruction::waits));
  ASSERT_TRUE(drop_first(EngineKind::Vector, &Instruction::signals));
  const auto violation = verify(faulty.chip, faulty.program);
  ASSERT_NE(violation, std::nullopt);
  EXPECT_NE(violation->find("accumulator"), std::string::npos) << *violation;
}

TEST(Faults, AShiftedBufferAddressShowsInTheNextTensor) {
  Subject faulty = subject();
  // One requantisation of conv1 stores a byte too far; its reader finds the wrong activations.
  change_program(faulty.program, [](testing::OpenProgram& program) {
    std::get<RowLoop>(program.stream(EngineKind::Vector)[0].operation).out.address += 1;
  });
  EXPECT_NE(verify(faulty.chip, faulty.program), std::nullopt);
  EXPECT_TRUE(verdict(faulty).starts_with("conv2 (accumulators) at 0,")) << verdict(faulty);
}

TEST(Faults, TwoSwappedTilesShowInTheirOwnLayer) {
  Subject faulty = subject();
  // Two tiles of conv1 with the same shape trade places in DRAM reads only.
  change_program(faulty.program, [](auto& program) {
    auto& weights = program.stream(EngineKind::Weights);
    auto& first = std::get<LoadTile>(weights[0].operation);
    auto& second = std::get<LoadTile>(weights[1].operation);
    ASSERT_EQ(first.rows * first.cols, second.rows * second.cols);
    std::swap(first.source.address, second.source.address);
  });
  EXPECT_NE(verify(faulty.chip, faulty.program), std::nullopt);
  EXPECT_TRUE(verdict(faulty).starts_with("conv1 (accumulators) at 0,")) << verdict(faulty);
}

TEST(Faults, AMissingStoreShowsInHostMemory) {
  Subject faulty = subject();
  // The last store goes nowhere near its place: it repeats the one byte before.
  change_program(faulty.program, [](auto& program) {
    auto& store = std::get<Transfer>(program.stream(EngineKind::Host).back().operation);
    ASSERT_FALSE(store.to_buffer);
    store.row_bytes -= 1;
  });
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

/// The first loop of a layer.
RowLoop& loop_of(testing::OpenProgram& program, std::int32_t layer) {
  for (Instruction& instruction : program.stream(EngineKind::Vector)) {
    if (instruction.layer == layer) {
      return std::get<RowLoop>(instruction.operation);
    }
  }
  throw InternalError("no such loop");
}

/// Changes the first stage of its kind in the first loop of a layer.
template <class Kind>
void change_stage_of(Program& program, std::int32_t layer, void (*change)(Kind&)) {
  change_program(program, [&](testing::OpenProgram& open) {
    ASSERT_TRUE(testing::change_stage<Kind>(loop_of(open, layer), change));
  });
}

TEST(Faults, AStageThatComputesSomethingElseShowsInItsTensor) {
  const Subject sound = rows_subject();
  EXPECT_EQ(verify(sound.chip, sound.program), std::nullopt);
  EXPECT_EQ(verdict(sound), "passed");
  Subject faulty = sound;  // verify does not look at numbers
  change_stage_of<FunctionStage>(faulty.program, 0,
                                 [](FunctionStage& stage) { stage.function = RealFunction::Sqrt; });
  EXPECT_EQ(verify(faulty.chip, faulty.program), std::nullopt);
  EXPECT_TRUE(verdict(faulty).starts_with("norm at 0,0,0,")) << verdict(faulty);
  faulty = sound;
  change_stage_of<LoadStage>(faulty.program, 0, [](LoadStage& load) {
    load.zero_point = 100;  // of the mean alone
  });
  EXPECT_TRUE(verdict(faulty).starts_with("norm at 0,0,0,")) << verdict(faulty);
  faulty = sound;
  change_stage_of<MaskStage>(faulty.program, 1, [](MaskStage& mask) {
    mask.offset += 1;  // the maximum of one column more
  });
  EXPECT_EQ(verify(faulty.chip, faulty.program), std::nullopt);
}

TEST(Faults, ALoadOfOtherBytesIsFoundByVerifyAndShows) {
  const Subject sound = rows_subject();
  Subject faulty = sound;
  change_program(faulty.program, [](testing::OpenProgram& program) {
    loop_of(program, 0).operands.edit(0).address += 12;  // the next position's row
  });
  EXPECT_NE(verify(faulty.chip, faulty.program), std::nullopt);
  EXPECT_TRUE(verdict(faulty).starts_with("norm at 0,0,0,")) << verdict(faulty);
  faulty = sound;
  change_stage_of<LoadStage>(faulty.program, 0, [](LoadStage& load) { load.pitch = 24; });
  EXPECT_NE(verify(faulty.chip, faulty.program), std::nullopt);
}

}  // namespace
}  // namespace systole
