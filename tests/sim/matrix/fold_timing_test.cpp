#include "sim/matrix/fold_timing.h"

#include <gtest/gtest.h>

#include "tests/sim/support/program_builder.h"
#include "tests/sim/support/small_chip.h"

namespace systole::testing {
namespace {

constexpr Bytes kPort{8};

/// 8 rows x 4 columns of PEs.
MatrixUnitSpec array_of(Dataflow dataflow) {
  MatrixUnitSpec spec = small_chip().matrix;
  spec.dataflow = dataflow;
  return spec;
}

Fold fold_of_types(std::int64_t count, std::int64_t rows, std::int64_t cols, DataType activation,
                   DataType weight) {
  Fold fold = fold_of(count, rows, cols);
  fold.activation_type = activation;
  fold.weight_type = weight;
  return fold;
}

TEST(FoldTiming, WeightStationaryStreamsPositionsAfterALoadOfAllRows) {
  const FoldTiming timing =
      fold_timing(array_of(Dataflow::WeightStationary), kPort, fold_of(10, 5, 3));
  EXPECT_EQ(timing.load, CoreCycles(8));
  EXPECT_EQ(timing.phases, CoreCycles(10));
  EXPECT_EQ(timing.drain, CoreCycles(8 + 4 - 2));
  EXPECT_EQ(timing.spacing, CoreCycles(0));
  EXPECT_EQ(timing.result_accesses, 10);
}

TEST(FoldTiming, InputStationaryStreamsOutputChannels) {
  const FoldTiming timing =
      fold_timing(array_of(Dataflow::InputStationary), kPort, fold_of(4, 5, 3));
  EXPECT_EQ(timing.load, CoreCycles(8));
  EXPECT_EQ(timing.phases, CoreCycles(3));
  EXPECT_EQ(timing.drain, CoreCycles(8 + 4 - 2));
  EXPECT_EQ(timing.result_accesses, 3);
}

TEST(FoldTiming, OutputStationaryStreamsTheReductionAndUnloadsTheRows) {
  const FoldTiming timing =
      fold_timing(array_of(Dataflow::OutputStationary), kPort, fold_of(7, 5, 3));
  EXPECT_EQ(timing.load, CoreCycles(0));
  EXPECT_EQ(timing.phases, CoreCycles(5));
  EXPECT_EQ(timing.drain, CoreCycles(8 + 4 - 2 + 8));
  EXPECT_EQ(timing.spacing, CoreCycles(8));
  EXPECT_EQ(timing.result_accesses, 7);
}

TEST(FoldTiming, SumsThatStayInThePesNeitherUnloadNorWrite) {
  Fold fold = fold_of(7, 5, 3);
  fold.drain = false;
  const FoldTiming timing = fold_timing(array_of(Dataflow::OutputStationary), kPort, fold);
  EXPECT_EQ(timing.drain, CoreCycles(8 + 4 - 2));
  EXPECT_EQ(timing.spacing, CoreCycles(0));
  EXPECT_EQ(timing.result_accesses, 0);
}

TEST(FoldTiming, ALoneFoldTakesTheSameInEveryDataflow) {
  const std::int64_t steps = 3;
  for (const auto& [dataflow, name] : kEnumNames<Dataflow>) {
    const FoldTiming timing = fold_timing(array_of(dataflow), kPort, fold_of(3, 3, 3));
    EXPECT_EQ(timing.load + timing.phases + timing.drain, CoreCycles(2 * 8 + 4 + steps - 2))
        << name;
  }
}

TEST(FoldTiming, PaceFollowsTheOperands) {
  const MatrixUnitSpec spec = array_of(Dataflow::WeightStationary);
  const auto phases = [&](DataType activation, DataType weight) {
    return fold_timing(spec, kPort, fold_of_types(6, 8, 4, activation, weight)).phases.count();
  };
  EXPECT_EQ(phases(DataType::Int8, DataType::Int8), 6);
  EXPECT_EQ(phases(DataType::Int16, DataType::Int8), 6 * 2);
  EXPECT_EQ(phases(DataType::Int8, DataType::Int16), 6 * 2);
  EXPECT_EQ(phases(DataType::Int16, DataType::Int16), 6 * 4);
  EXPECT_EQ(phases(DataType::Bf16, DataType::Bf16), 6);
  EXPECT_EQ(phases(DataType::Fp8E4M3, DataType::Fp8E5M2), 6);
}

TEST(FoldTiming, EachPositionTakesTheAccessesOfItsBytes) {
  const MatrixUnitSpec spec = array_of(Dataflow::WeightStationary);
  const auto accesses = [&](std::int64_t rows, DataType type) {
    return fold_timing(spec, Bytes(4), fold_of_types(6, rows, 4, type, type)).activation_accesses;
  };
  EXPECT_EQ(accesses(4, DataType::Int8), 6 * 1);
  EXPECT_EQ(accesses(5, DataType::Int8), 6 * 2);
  EXPECT_EQ(accesses(5, DataType::Int16), 6 * 3);  // 10 bytes
  EXPECT_EQ(accesses(8, DataType::Int4), 6 * 1);   // 4 bytes
  EXPECT_EQ(accesses(3, DataType::Bf16), 6 * 2);   // 6 bytes
}

}  // namespace
}  // namespace systole::testing
