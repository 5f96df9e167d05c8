#include "arch/vector_timing.h"

#include <gtest/gtest.h>

#include "tests/sim/support/program_builder.h"
#include "tests/sim/support/run_core.h"
#include "tests/sim/support/small_chip.h"

namespace systole::testing {
namespace {

// 4 lanes, latency 5; paces: activation 1, elementwise 2, pooling 3, softmax 4. Port: 8 bytes.

VectorTiming timing_of(const RowLoop& loop) {
  return vector_timing(small_chip().vector, Bytes(8), loop);
}

TEST(VectorTiming, RequantizeTakesAStepPerRowAndLanes) {
  const VectorTiming timing = timing_of(requantize_of(10, 9, 0));
  EXPECT_EQ(timing.compute, CoreCycles(5 + 10 * 3 * 1));
  EXPECT_EQ(timing.first_reads, 5);  // 9 biases: 36 bytes
  EXPECT_EQ(timing.writes, 10 * 2);
  EXPECT_EQ(timing.accumulator_reads, 10);
  EXPECT_EQ(timing.elements, 90);
}

TEST(VectorTiming, LanesAreFilledRowByRow) {
  EXPECT_EQ(timing_of(requantize_of(10, 3, 0)).compute, CoreCycles(5 + 10 * 1));
  EXPECT_EQ(timing_of(requantize_of(10, 4, 0)).compute, CoreCycles(5 + 10 * 1));
  EXPECT_EQ(timing_of(requantize_of(10, 5, 0)).compute, CoreCycles(5 + 10 * 2));
}

TEST(VectorTiming, LookupTableIsReadFirst) {
  Requantize requantize = requantize_of(10, 8, 0);
  requantize.lookup = {.address = 512, .tensor = 0};
  EXPECT_EQ(timing_of(requantize).first_reads, 4 + 256 / 8);
  Rescale rescale = rescale_of(3, 8, 0, 0);
  rescale.lookup = {.address = 512, .tensor = 0};
  EXPECT_EQ(timing_of(rescale).first_reads, 3 + 256 / 8);
}

TEST(VectorTiming, ConvertIsAnActivationAndWritesTheBytesOfItsType) {
  Convert convert{.accumulator = 3, .rows = 10, .cols = 9, .bias = Operand{.address = 40}};
  for (const auto& [type, accesses] :
       {std::pair{DataType::Fp8E4M3, 2}, {DataType::Bf16, 3}, {DataType::Fp32, 5}}) {
    convert.to.type = type;  // 9, 18 or 36 bytes a row
    const VectorTiming timing = timing_of(convert);
    EXPECT_EQ(timing.compute, CoreCycles(5 + 10 * 3 * 1));
    EXPECT_EQ(timing.first_reads, 5);  // 9 biases: 36 bytes
    EXPECT_EQ(timing.second_reads, 0);
    EXPECT_EQ(timing.writes, 10 * accesses);
    EXPECT_EQ(timing.accumulator_reads, 10);
    EXPECT_EQ(timing.elements, 90);
  }
  EXPECT_EQ(sources_of(convert).first, 40);
  EXPECT_EQ(sources_of(convert).accumulator, 3);
}

/// Of 10 rows of 9 columns on 4 lanes: 3 steps a row. To bf16: 18 bytes a row, 3 accesses.
RowLoop loop_of(std::vector<Stage> stages) {
  return {.rows = 10,
          .cols = 9,
          .operands = {{.address = 8}, {.address = 16}, {.address = 24}},
          .body = RowBody{.stages = std::move(stages), .to = {.type = DataType::Bf16}}};
}

constexpr LoadStage kRow{.operand = 0, .pitch = 18, .type = DataType::Bf16};
constexpr LoadStage kOther{.operand = 1, .pitch = 18, .type = DataType::Bf16};
constexpr LoadStage kShared{.operand = 2, .type = DataType::Fp32};  // 36 bytes: 5 accesses

TEST(VectorTiming, RowLoopTakesTheLongestOfItsClassesInEachPass) {
  VectorUnitSpec vector = small_chip().vector;
  vector.alus = 2;
  vector.pace[static_cast<std::size_t>(VectorClass::Reduction)] = CoreCycles(4);
  vector.pace[static_cast<std::size_t>(VectorClass::Transcendental)] = CoreCycles(7);
  const auto compute = [&](std::vector<Stage> stages) {
    return vector_timing(vector, Bytes(8), loop_of(std::move(stages))).compute.count() - 5;
  };
  const PairStage pair{.a = 0, .b = 0};
  EXPECT_EQ(compute({kRow}), 10 * 3);            // a copy
  EXPECT_EQ(compute({kRow, pair}), 10 * 2 * 2);  // ceil(3 / 2) times 2 cycles
  LoadStage swapped = kRow;
  swapped.swapped = true;
  EXPECT_EQ(compute({swapped}), 10 * 2 * 2);  // as much
  EXPECT_EQ(compute({swapped, pair, pair}), 10 * 5 * 2);
  EXPECT_EQ(compute({kRow, pair, pair}), 10 * 3 * 2);  // 6 slots, two at a time
  const FunctionStage function{.function = RealFunction::Exp, .of = 1};
  EXPECT_EQ(compute({kRow, pair, function}), 10 * 3 * 7);
  EXPECT_EQ(compute({kRow, pair, pair, pair, pair, pair, pair, function}), 10 * 3 * 7);
  const ReduceStage reduce{.of = 0};
  EXPECT_EQ(compute({kRow, reduce}), 10 * 3 * 4);
  // Two passes; in the second one number a row: ceil(1 / 2) times 2 cycles.
  EXPECT_EQ(compute({kRow, reduce, PairStage{.a = 1, .b = 1}}), 10 * (3 * 4 + 2));
  EXPECT_EQ(compute({kRow, reduce, kRow, PairStage{.a = 2, .b = 1}}), 10 * (3 * 4 + 2 * 2));
}

TEST(VectorTiming, ALayerNormalisationTakesThreePasses) {
  VectorUnitSpec vector = small_chip().vector;
  vector.alus = 2;
  vector.pace.fill(CoreCycles(1));
  const auto pair = [](std::int32_t a, std::int32_t b) { return PairStage{.a = a, .b = b}; };
  const RowLoop loop =
      loop_of({NumberStage{1.0F / 9}, kRow, ReduceStage{.of = 1},               //
               pair(2, 0), kRow, pair(4, 3), pair(5, 5), ReduceStage{.of = 6},  //
               pair(7, 0), NumberStage{1e-5F}, pair(8, 9),
               FunctionStage{.function = RealFunction::Rsqrt, .of = 10}, kRow, pair(12, 3),
               pair(13, 11), kShared, pair(14, 15), kShared, pair(16, 17)});
  EXPECT_EQ(vector_timing(vector, Bytes(8), loop).compute, CoreCycles(5 + 10 * (3 + 4 + 7)));
}

TEST(VectorTiming, RowLoopReadsWhatItLoads) {
  const VectorTiming timing =
      timing_of(loop_of({kRow, ReduceStage{.of = 0}, kRow, kRow, PairStage{.a = 2, .b = 3}, kShared,
                         PairStage{.a = 4, .b = 5}}));
  EXPECT_EQ(timing.first_reads, 2 * 10 * 3 + 5);  // the first of each pass, and what all rows share
  EXPECT_EQ(timing.second_reads, 10 * 3);
  EXPECT_EQ(timing.writes, 10 * 3);
  EXPECT_EQ(timing.elements, 90);
  EXPECT_EQ(timing.accumulator_reads, 0);
  const VectorTiming one = timing_of(loop_of({kRow, ReduceStage{.of = 0}}));
  EXPECT_EQ(one.writes, 10);  // two bytes a row
  EXPECT_EQ(one.elements, 10);
}

TEST(VectorTiming, TheSecondStreamBeginsAtTheFirstLoadBehindAnother) {
  EXPECT_EQ(sources_of(loop_of({kRow, kOther, PairStage{.a = 0, .b = 1}})).second, 16);
  EXPECT_EQ(sources_of(loop_of({kRow, kRow, PairStage{.a = 0, .b = 1}})).second, 8);
  // What comes first in its pass belongs to the first stream.
  EXPECT_EQ(sources_of(loop_of({kRow, ReduceStage{.of = 0}, kOther})).second, 0);
  EXPECT_EQ(sources_of(loop_of({kShared, kRow, kOther})).first, 24);
  EXPECT_EQ(sources_of(loop_of({kShared, kRow, kOther})).second, 16);
}

/// A requantisation that adds a residual on its way: sums, scaled to the first tensor's steps and
/// limited to what it can hold, and the rows of the second.
TEST(VectorTiming, SumsOfALoopByItsStagesAreAnActivationBesideItsPairs) {
  VectorUnitSpec vector = small_chip().vector;
  vector.alus = 2;
  const std::vector<Stage> stages{SumsStage{.bias = 2},
                                  ScaleStage{.of = 0},
                                  ClampStage{.of = 1, .low = -128, .high = 127},
                                  LoadStage{.operand = 0, .pitch = 9, .integer = true},
                                  PairStage{.a = 2, .b = 3},
                                  ScaleStage{.of = 4}};
  const auto compute = [&](std::int64_t activation, std::int64_t elementwise) {
    vector.pace[static_cast<std::size_t>(VectorClass::Activation)] = CoreCycles(activation);
    vector.pace[static_cast<std::size_t>(VectorClass::Elementwise)] = CoreCycles(elementwise);
    return vector_timing(vector, Bytes(8), loop_of(stages)).compute.count() - 5;
  };
  EXPECT_EQ(compute(1, 1), 10 * 3);      // 3 slots of sums; 3 of a pair on two ALUs
  EXPECT_EQ(compute(1, 2), 10 * 2 * 2);  // ceil(3 / 2) times 2 cycles
  EXPECT_EQ(compute(4, 2), 10 * 3 * 4);
  const VectorTiming timing = vector_timing(vector, Bytes(8), loop_of(stages));
  EXPECT_EQ(timing.accumulator_reads, 10);
  EXPECT_EQ(timing.first_reads, 5 + 10 * 2);  // biases, then rows of 9 bytes
  EXPECT_EQ(timing.second_reads, 0);
  EXPECT_EQ(timing.elements, 2 * 90);  // results, and the sum on their way
  EXPECT_EQ(sources_of(loop_of(stages)).first, 24);
}

TEST(VectorTiming, RescaleIsElementwise) {
  const VectorTiming timing = timing_of(rescale_of(3, 9, 0, 0));
  EXPECT_EQ(timing.compute, CoreCycles(5 + 3 * 3 * 2));
  EXPECT_EQ(timing.first_reads, 3 * 2);
  EXPECT_EQ(timing.writes, 3 * 2);
}

TEST(VectorTiming, AddReadsTwoStreams) {
  Add add;
  add.rows = 3;
  add.cols = add.a_pitch = add.b_pitch = 9;
  const VectorTiming timing = timing_of(add);
  EXPECT_EQ(timing.compute, CoreCycles(5 + 3 * 3 * 2));
  EXPECT_EQ(timing.first_reads, 6);
  EXPECT_EQ(timing.second_reads, 6);
  EXPECT_EQ(timing.writes, 6);
}

TEST(VectorTiming, PoolTakesAStepPerKernelElement) {
  Pool pool;
  pool.count = 7;
  pool.window.channels = 9;
  pool.window.kernel_rows = 2;
  pool.window.kernel_cols = 3;
  const VectorTiming timing = timing_of(pool);
  EXPECT_EQ(timing.compute, CoreCycles(5 + 7 * 3 * 6 * 3));
  EXPECT_EQ(timing.first_reads, 7 * 6 * 2);
  EXPECT_EQ(timing.writes, 7 * 2);
  EXPECT_EQ(timing.elements, 63);
}

TEST(VectorTiming, SoftmaxPassesThreeTimes) {
  Softmax softmax;
  softmax.rows = 2;
  softmax.cols = softmax.in_pitch = 9;
  softmax.table.address = 512;
  const VectorTiming timing = timing_of(softmax);
  EXPECT_EQ(timing.compute, CoreCycles(5 + 2 * 3 * 3 * 4));
  EXPECT_EQ(timing.first_reads, 1024 / 8 + 2 * 2 * 3);
  EXPECT_EQ(timing.writes, 2 * 2);
}

TEST(VectorTiming, RealsTakeTheSameStepsAndTheAccessesOfTheirBytes) {
  // Rows of 9 bf16 are 18 bytes: 3 accesses where 9 bytes are 2.
  Rescale rescale = rescale_of(3, 9, 64, 0);
  rescale.to.type = DataType::Bf16;
  EXPECT_EQ(timing_of(rescale).compute, CoreCycles(5 + 3 * 3 * 2));
  EXPECT_EQ(timing_of(rescale).first_reads, 3 * 3);
  EXPECT_EQ(timing_of(rescale).writes, 3 * 3);
  const Add add{.a_pitch = 18, .b_pitch = 18, .rows = 3, .cols = 9, .to = {.type = DataType::Bf16}};
  EXPECT_EQ(timing_of(add).compute, CoreCycles(5 + 3 * 3 * 2));
  EXPECT_EQ(timing_of(add).first_reads, 9);
  EXPECT_EQ(timing_of(add).second_reads, 9);
  EXPECT_EQ(timing_of(add).writes, 9);
  Pool pool{.count = 7, .to = {.type = DataType::Bf16}};
  pool.window.channels = 9;
  pool.window.kernel_rows = 2;
  pool.window.kernel_cols = 3;
  EXPECT_EQ(timing_of(pool).compute, CoreCycles(5 + 7 * 3 * 6 * 3));
  EXPECT_EQ(timing_of(pool).first_reads, 7 * 6 * 3);
  EXPECT_EQ(timing_of(pool).writes, 7 * 3);
  const Softmax softmax{
      .in = {.address = 48}, .in_pitch = 18, .rows = 2, .cols = 9, .to = {.type = DataType::Bf16}};
  EXPECT_EQ(timing_of(softmax).compute, CoreCycles(5 + 2 * 3 * 3 * 4));
  EXPECT_EQ(timing_of(softmax).first_reads, 2 * 3 * 3);  // no table
  EXPECT_EQ(timing_of(softmax).writes, 2 * 3);
  EXPECT_EQ(sources_of(softmax).first, 48);
}

TEST(VectorUnit, RunsOneInstructionAtATime) {
  ProgramBuilder builder;
  builder.add(EngineKind::Vector, rescale_of(3, 4, 0, 64))
      .add(EngineKind::Vector, rescale_of(3, 4, 0, 64));
  const CoreRun run = run_core(small_chip(), builder.program());
  EXPECT_EQ(run.elapsed(), 2 * (5 + 3 * 2));
  EXPECT_EQ(run.cycles(EngineKind::Vector, Cause::Busy), 22);
  EXPECT_EQ(run.counters.actions.vector_elements, 24);
  EXPECT_EQ(run.counters.actions.buffer_reads, 6);
  EXPECT_EQ(run.counters.actions.buffer_writes, 6);
}

TEST(VectorUnit, EndsWithTheSlowerOfStepsAndStreams) {
  ChipSpec chip = small_chip();
  chip.buffer.port_width = Bytes(1);  // 40 accesses for 3 steps of 2 and 5
  ProgramBuilder builder;
  builder.add(EngineKind::Vector, rescale_of(10, 4, 0, 64));
  const CoreRun run = run_core(chip, builder.program());
  // Operand and result begin in the same bank (0 and 64 of 8): the result follows a cycle later.
  EXPECT_EQ(run.elapsed(), 41);
  EXPECT_EQ(run.cycles(EngineKind::Vector, Cause::Busy), 5 + 10 * 2);
  EXPECT_EQ(run.cycles(EngineKind::Vector, Cause::Port), 41 - 25);
}

TEST(VectorUnit, SharesTheAccumulatorsWithTheMatrixUnit) {
  ChipSpec chip = small_chip();
  chip.accumulators.ports = 1;
  ProgramBuilder builder;
  builder.add(EngineKind::Weights, load_of(8, 4));
  builder.add(EngineKind::Matrix, fold_of(10, 8, 4));
  builder.add(EngineKind::Matrix, fold_of(40, 8, 4, false));
  const std::int32_t sums = builder.semaphore(EngineKind::Matrix, EngineKind::Vector);
  builder.program().stream(EngineKind::Matrix).add_signal(0, {.semaphore = sums});
  builder.add(EngineKind::Vector, requantize_of(10, 4, 1024), {.waits = {sums}});
  const CoreRun run = run_core(chip, builder.program());
  // The first fold's sums are there 8 + 4 - 2 = 10 cycles after the second has begun to write one
  // entry a cycle through the only port. From then on the two take turns: 10 reads, 20 cycles.
  EXPECT_EQ(run.cycles(EngineKind::Vector, Cause::Busy), 5 + 10);
  EXPECT_EQ(run.cycles(EngineKind::Vector, Cause::Accumulator), 20 - 15);
  EXPECT_EQ(run.cycles(EngineKind::Matrix, Cause::Accumulator), 10);
}

TEST(VectorTiming, FactorsOfColumnsAreReadFirst) {
  Requantize requantize = requantize_of(10, 9, 0);
  requantize.factors = {.address = 512, .tensor = 0};
  const VectorTiming timing = timing_of(requantize);
  // The scale is a part of taking sums, whatever its form; 36 bytes of biases, 72 of factors.
  EXPECT_EQ(timing.compute, timing_of(requantize_of(10, 9, 0)).compute);
  EXPECT_EQ(timing.first_reads, 5 + 9);
}

}  // namespace
}  // namespace systole::testing
