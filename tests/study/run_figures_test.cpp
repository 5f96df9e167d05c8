#include "study/run_figures.h"

#include <set>

#include <gmock/gmock.h>

#include "arch/diag/error.h"
#include "study/compare_chip.h"
#include "tests/report/sample_result.h"

namespace systole {
namespace {

using testing::DoubleEq;

TEST(RunFigures, FollowFromTheCounters) {
  const RunFigures figures = run_figures(sample_result());
  EXPECT_THAT(figures.seconds, DoubleEq(4000 * 2e-9));
  EXPECT_THAT(figures.inferences_per_second, DoubleEq(2 / 8e-6));
  EXPECT_EQ(figures.macs, 589'824 + 40'960);
  EXPECT_THAT(figures.utilisation, DoubleEq(630'784.0 / (4000.0 * 256)));
  EXPECT_THAT(figures.tops, DoubleEq(2 * 630'784 / 8e-6 / 1e12));
  EXPECT_THAT(figures.peak_tops, DoubleEq(2 * 256 / 2e-9 / 1e12));
  const DramRates rates = dram_rates(sample_result());
  EXPECT_THAT(rates.bytes_per_second, DoubleEq(25'256 / 8e-6));
  EXPECT_THAT(rates.utilisation, DoubleEq(25'256 / 8e-6 / 16e9));
  EXPECT_THAT(rates.row_hit_rate, DoubleEq(380.0 / 395));
  // 2304 + 160 cycles of compute against 25,256 bytes / 32.
  EXPECT_THAT(figures.roofline.fraction.value(), DoubleEq(2464.0 / 4000));
}

TEST(RunFigures, OfAnEmptyRunAreZero) {
  Result result{.chip = sample_chip(), .graph = {}, .counters = {}, .check = {}};
  const RunFigures figures = run_figures(result);
  EXPECT_EQ(figures.seconds, 0.0);
  EXPECT_EQ(figures.inferences_per_second, 0.0);
  EXPECT_EQ(figures.utilisation, 0.0);
  EXPECT_EQ(dram_rates(result).row_hit_rate, 0.0);
  EXPECT_FALSE(figures.roofline.fraction);
}

TEST(LayerFigures, CompareWithTheCyclesInWhichTheLayerWasActive) {
  const LayerFigures figures = layer_figures(sample_result(), 3);
  EXPECT_THAT(figures.seconds, DoubleEq(900 * 2e-9));
  EXPECT_THAT(figures.utilisation, DoubleEq(40'960.0 / (900.0 * 256)));
  EXPECT_EQ(figures.bound, Bound::Dram);
  EXPECT_EQ(figures.stall.cause, Cause::Weights);
  EXPECT_THAT(figures.stall_share, DoubleEq(500.0 / 900));
  EXPECT_FALSE(figures.view);
}

TEST(ChipFigures, FollowFromTheDescriptionAlone) {
  const ChipFigures figures = chip_figures(sample_chip());
  EXPECT_THAT(figures.macs_per_second, DoubleEq(256 / 2e-9));
  EXPECT_THAT(figures.peak_tops, DoubleEq(2 * 256 / 2e-9 / 1e12));
  EXPECT_THAT(figures.ridge, DoubleEq(256 / 2e-9 / 16e9));  // 8 MACs a byte
}

TEST(ChipFigures, TakeTheFastestKindOfOperands) {
  ChipSpec chip = sample_chip();
  EXPECT_EQ(chip_figures(chip).fastest, MacKind::Int8);
  chip.matrix.pace_of_kind = {};
  chip.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Int16)] = CoreCycles(4);
  chip.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Fp16)] = CoreCycles(2);
  chip.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Bf16)] = CoreCycles(2);
  EXPECT_EQ(chip_figures(chip).fastest, MacKind::Fp16);
  EXPECT_THAT(chip_figures(chip).peak_tops, DoubleEq(256 / 2e-9 / 1e12));
  EXPECT_THAT(peak_macs_per_second(chip, MacKind::Int16), DoubleEq(256 / 8e-9));
}

TEST(ChipFigures, NeedAnArrayThatMultipliesSomething) {
  ChipSpec chip = sample_chip();
  chip.matrix.pace_of_kind = {};
  EXPECT_THROW((void)chip_figures(chip), InternalError);
}

/// A slot is what a PE could have multiplied: a product of int16 takes it four cycles.
TEST(Utilisation, IsTheShareOfThePeakOfTheOperands) {
  Result result = sample_result();
  ActionCounters& actions = result.counters.actions;
  actions.macs_of_kind = {};
  actions.macs_of_kind[static_cast<std::size_t>(MacKind::Int16)] = 100'000;
  actions.macs = 100'000;
  EXPECT_DOUBLE_EQ(utilisation(result.chip, actions, CoreCycles(4000)), 400'000.0 / (4000 * 256));
  actions.macs_of_kind[static_cast<std::size_t>(MacKind::Int8)] = 50'000;
  actions.macs = 150'000;
  EXPECT_DOUBLE_EQ(utilisation(result.chip, actions, CoreCycles(4000)), 450'000.0 / (4000 * 256));
}

/// Products by zeros of tiles, here as many as the others, are no work that anybody asked for.
TEST(Utilisation, LeavesProductsByZerosOut) {
  Result result = sample_result();
  ActionCounters& actions = result.counters.actions;
  const double all = utilisation(result.chip, actions, CoreCycles(4000));
  actions.macs_of_kind[static_cast<std::size_t>(MacKind::Int8)] *= 2;
  EXPECT_DOUBLE_EQ(utilisation(result.chip, actions, CoreCycles(4000)), all);
}

TEST(Utilisation, IsOneFigureInTheRunTheRowAndTheRates) {
  Result result = sample_result();
  for (GraphTensor& tensor : result.graph.tensors) {
    tensor.type.element = DataType::Int16;
  }
  for (LayerCounters& layer : result.counters.layers) {
    std::swap(layer.actions.macs_of_kind[static_cast<std::size_t>(MacKind::Int8)],
              layer.actions.macs_of_kind[static_cast<std::size_t>(MacKind::Int16)]);
  }
  ActionCounters& actions = result.counters.actions;
  std::swap(actions.macs_of_kind[static_cast<std::size_t>(MacKind::Int8)],
            actions.macs_of_kind[static_cast<std::size_t>(MacKind::Int16)]);
  const RunFigures figures = run_figures(result);
  EXPECT_DOUBLE_EQ(figures.utilisation, 4 * 630'784.0 / (4000.0 * 256));
  EXPECT_DOUBLE_EQ(figures.utilisation, figures.tops / figures.peak_tops);
  EXPECT_DOUBLE_EQ(figures.utilisation, compared_run(result).utilisation);
  // a layer's slots are those of its own cycles
  EXPECT_DOUBLE_EQ(layer_figures(result, 3).utilisation, 4 * 40'960.0 / (900.0 * 256));
}

TEST(MatrixShares, AddUpToTheElapsedCyclesAndToAHundredPercent) {
  const Counters counters = sample_result().counters;
  CoreCycles cycles{0};
  std::int64_t tenths = 0;
  for (const MatrixShare& share : matrix_shares(sample_chip(), counters)) {
    cycles += share.cycles;
    tenths += share.tenths_of_percent;
  }
  EXPECT_EQ(cycles, counters.elapsed);
  EXPECT_EQ(tenths, 1000);
}

TEST(MatrixShares, SplitBusyCyclesInProportionToTheSlots) {
  const std::vector<MatrixShare> shares = matrix_shares(sample_chip(), sample_result().counters);
  // 2800 busy cycles, 630,784 MACs in 2800 * 256 slots: 2800 * 0.88 = 2464.
  EXPECT_EQ(shares[0].name, "useful MACs");
  EXPECT_EQ(shares[0].cycles, CoreCycles(2464));
  EXPECT_EQ(shares[1].name, "unused MACs");
  EXPECT_EQ(shares[1].cycles, CoreCycles(336));
}

TEST(MatrixShares, RefuseMoreMacsThanSlots) {
  Counters counters = sample_result().counters;
  counters.actions.macs_of_kind[static_cast<std::size_t>(MacKind::Int8)] =
      counters.actions.mac_slots + 1;
  counters.actions.macs = counters.actions.mac_slots + 1;
  EXPECT_THROW(static_cast<void>(matrix_shares(sample_chip(), counters)), InternalError);
}

TEST(MeaningOf, TellsCausesApart) {
  std::set<std::string_view> meanings;
  for (const auto& [cause, name] : kEnumNames<Cause>) {
    EXPECT_FALSE(meaning_of(cause).empty()) << name;
    meanings.insert(meaning_of(cause));
  }
  EXPECT_EQ(meanings.size(), static_cast<std::size_t>(kCauseCount));
}

}  // namespace
}  // namespace systole
