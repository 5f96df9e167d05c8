#include "sim/matrix/pe_array.h"

#include <bit>
#include <limits>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"

namespace systole::testing {
namespace {

using Lanes = std::vector<std::uint32_t>;

MatrixUnitSpec array_of(Dataflow dataflow, std::int64_t rows, std::int64_t cols,
                        Overlap overlap = Overlap::Shadow) {
  MatrixUnitSpec spec;
  spec.rows = rows;
  spec.cols = cols;
  spec.dataflow = dataflow;
  spec.overlap = overlap;
  return spec;
}

std::uint32_t bits(float value) {
  return std::bit_cast<std::uint32_t>(value);
}

/// What a cycle showed: `L` load taken, `P` phase taken, `c=value` results, `done`, `done in
/// place`.
std::string text_of(const ArrayIntake& taken) {
  return std::string(taken.row ? "L" : "") + (taken.phase ? "P" : "");
}

std::string text_of(const ArrayView& seen) {
  std::string text;
  for (const ColumnResult& result : seen.results) {
    text += fmt::format(" {}={}", result.column, static_cast<std::int32_t>(result.value));
  }
  return text + (seen.completes ? " done" : "") + (seen.completes_in_place ? " in place" : "");
}

struct OwnedPhase {
  PhaseFlags flags;
  Lanes left;
  Lanes top;
  SumKind sums = SumKind::Int32;
  OperandSlice left_slice = OperandSlice::Whole;
  OperandSlice other_slice = OperandSlice::Whole;

  [[nodiscard]] Phase phase() const {
    return {.flags = flags,
            .sums = sums,
            .left_slice = left_slice,
            .other_slice = other_slice,
            .left = left,
            .top = top};
  }
};

std::string cycle_of(PeArray& array, const Lanes& row, const std::optional<OwnedPhase>& phase) {
  const std::optional<Phase> offered = phase ? std::optional(phase->phase()) : std::nullopt;
  const std::string seen = text_of(array.visible());
  return text_of(array.cycle(row, offered ? &*offered : nullptr)) + seen;
}

const std::optional<OwnedPhase> kBubble = std::nullopt;

TEST(PeArray, LoadsStreamsAndDrainsALoneFoldCycleByCycle) {
  PeArray array(array_of(Dataflow::WeightStationary, 2, 2));
  const OwnedPhase first{.flags = {.first = true, .takes_shadow = true}, .left = {1, 10}};
  const OwnedPhase last{.flags = {.last = true}, .left = {2, 20}};
  // Tile rows (3, 4) and (5, 6). Row 0 enters in 0, row 1 in 1, the phases in 2 and 3.
  EXPECT_EQ(cycle_of(array, {3, 4}, first), "L");
  EXPECT_EQ(cycle_of(array, {5, 6}, first), "L");
  EXPECT_EQ(cycle_of(array, {}, first), "P");
  EXPECT_EQ(cycle_of(array, {}, last), "P");
  // Phase i shows in column c at i + 2 rows + c: 1*3 + 10*5 = 53, 1*4 + 10*6 = 64, twice 106, 128.
  EXPECT_EQ(cycle_of(array, {}, kBubble), " 0=53");
  EXPECT_EQ(cycle_of(array, {}, kBubble), " 0=106 1=64");
  EXPECT_EQ(cycle_of(array, {}, kBubble), " 1=128 done");  // 2*2 + 2 + 2 - 2 = 6 cycles done
  EXPECT_EQ(cycle_of(array, {}, kBubble), "");
}

TEST(PeArray, TakesTheNextTileAsItsFirstPhasePassesAndNotBefore) {
  PeArray array(array_of(Dataflow::InputStationary, 2, 1));
  const OwnedPhase takes{.flags = {.first = true, .last = true, .takes_shadow = true},
                         .left = {1, 1}};
  const OwnedPhase keeps{.flags = {.first = true, .last = true}, .left = {1, 1}};
  EXPECT_EQ(cycle_of(array, {1}, kBubble), "L");
  EXPECT_EQ(cycle_of(array, {2}, kBubble), "L");
  EXPECT_EQ(cycle_of(array, {7}, kBubble), "") << "the shadow is full";
  EXPECT_EQ(cycle_of(array, {10}, takes), "LP") << "free in the cycle in which the phase enters";
  EXPECT_EQ(cycle_of(array, {20}, keeps), "LP");
  EXPECT_EQ(cycle_of(array, {}, takes), "P 0=3 done");
  EXPECT_EQ(cycle_of(array, {}, kBubble), " 0=3 done") << "the tile of before";
  EXPECT_EQ(cycle_of(array, {}, kBubble), " 0=30 done");
}

TEST(PeArray, HoldsBackATakingPhaseUntilTheCycleAfterTheLastRow) {
  PeArray array(array_of(Dataflow::WeightStationary, 2, 1));
  const OwnedPhase takes{.flags = {.first = true, .takes_shadow = true}, .left = {1, 1}};
  EXPECT_EQ(cycle_of(array, {1}, takes), "L");
  EXPECT_EQ(cycle_of(array, {}, takes), "");  // a bubble in the load
  EXPECT_EQ(cycle_of(array, {2}, takes), "L");
  EXPECT_EQ(cycle_of(array, {}, takes), "P");
}

TEST(PeArray, OutputStationarySumsLeaveFromTheLastRowUp) {
  PeArray array(array_of(Dataflow::OutputStationary, 2, 2));
  const OwnedPhase first{.flags = {.first = true, .clears = true}, .left = {1, 2}, .top = {3, 4}};
  const OwnedPhase last{.flags = {.last = true, .drains = true}, .left = {10, 20}, .top = {5, 6}};
  EXPECT_EQ(cycle_of(array, {}, first), "P");
  EXPECT_EQ(cycle_of(array, {}, last), "P");  // ends at e = 2
  EXPECT_EQ(cycle_of(array, {}, kBubble), "");
  EXPECT_EQ(cycle_of(array, {}, kBubble), "");
  // Row 1 of column c shows at e + 2 + c, row 0 one later: 2*3 + 20*5, 1*3 + 10*5; 128, 64.
  EXPECT_EQ(cycle_of(array, {}, kBubble), " 0=106");
  EXPECT_EQ(cycle_of(array, {}, kBubble), " 0=53 1=128");
  EXPECT_EQ(cycle_of(array, {}, kBubble), " 1=64 done");  // e + 2*2 + 2 - 2 = 6
  // All output registers are empty again: the next fold's sums are the only ones to leave.
  const OwnedPhase lone{.flags = {.first = true, .last = true, .clears = true, .drains = true},
                        .left = {1, 2},
                        .top = {7, 9}};
  EXPECT_EQ(cycle_of(array, {}, lone), "P");
  EXPECT_EQ(cycle_of(array, {}, kBubble), "");
  EXPECT_EQ(cycle_of(array, {}, kBubble), "");
  EXPECT_EQ(cycle_of(array, {}, kBubble), " 0=14");
  EXPECT_EQ(cycle_of(array, {}, kBubble), " 0=7 1=18");
  EXPECT_EQ(cycle_of(array, {}, kBubble), " 1=9 done");
}

TEST(PeArray, AFoldThatDoesNotDrainLeavesItsSumsForTheNext) {
  PeArray array(array_of(Dataflow::OutputStationary, 1, 2));
  const OwnedPhase starts{
      .flags = {.first = true, .last = true, .clears = true}, .left = {2}, .top = {3, 5}};
  const OwnedPhase goes_on{
      .flags = {.first = true, .last = true, .drains = true}, .left = {10}, .top = {1, 1}};
  EXPECT_EQ(cycle_of(array, {}, starts), "P");   // e = 1, its last MAC is done in cycle 1
  EXPECT_EQ(cycle_of(array, {}, goes_on), "P");  // e = 2
  EXPECT_EQ(cycle_of(array, {}, kBubble), " in place");
  EXPECT_EQ(cycle_of(array, {}, kBubble), " 0=16");
  EXPECT_EQ(cycle_of(array, {}, kBubble), " 1=20 done");
}

TEST(PeArray, HoldsBackTheEndOfADrainingFoldForAsManyCyclesAsRows) {
  PeArray array(array_of(Dataflow::OutputStationary, 3, 1));
  const OwnedPhase lone{.flags = {.first = true, .last = true, .clears = true, .drains = true},
                        .left = {1, 2, 3},
                        .top = {1}};
  EXPECT_EQ(cycle_of(array, {}, lone), "P");
  EXPECT_EQ(cycle_of(array, {}, lone), "");
  EXPECT_EQ(cycle_of(array, {}, lone), "");
  EXPECT_EQ(cycle_of(array, {}, lone), "P");
  EXPECT_EQ(cycle_of(array, {}, kBubble), " 0=3");  // e = 1: from e + 3 on
  EXPECT_EQ(cycle_of(array, {}, kBubble), " 0=2");
  EXPECT_EQ(cycle_of(array, {}, kBubble), " 0=1 done");
  EXPECT_EQ(cycle_of(array, {}, kBubble), " 0=3") << "the next fold's follow at once";
}

TEST(PeArray, WithoutOverlapNothingEntersBeforeTheFoldBeforeIsComplete) {
  PeArray array(array_of(Dataflow::WeightStationary, 1, 2, Overlap::None));
  const OwnedPhase takes{.flags = {.first = true, .last = true, .takes_shadow = true}, .left = {3}};
  EXPECT_EQ(cycle_of(array, {1, 2}, takes), "L");
  EXPECT_EQ(cycle_of(array, {5, 6}, takes), "P");  // e = 2, complete at e + 1
  EXPECT_EQ(cycle_of(array, {5, 6}, takes), " 0=3");
  EXPECT_EQ(cycle_of(array, {5, 6}, takes), "L 1=6 done");
  EXPECT_EQ(cycle_of(array, {}, takes), "P");
}

TEST(PeArray, SlicesOfSixteenBitOperandsMakeUpTheProduct) {
  PeArray array(array_of(Dataflow::WeightStationary, 1, 1));
  const auto weight = static_cast<std::uint32_t>(-12345);
  const auto value = static_cast<std::uint32_t>(23456);
  EXPECT_EQ(cycle_of(array, {weight}, kBubble), "L");
  // -12345 = -49 * 256 + 199 and 23456 = 91 * 256 + 160.
  OwnedPhase phase{.flags = {.first = true, .takes_shadow = true},
                   .left = {value},
                   .left_slice = OperandSlice::Low,
                   .other_slice = OperandSlice::Low};
  EXPECT_EQ(cycle_of(array, {}, phase), "P");
  phase.flags = {};
  phase.left_slice = OperandSlice::High;
  EXPECT_EQ(cycle_of(array, {}, phase), fmt::format("P 0={}", 160 * 199));
  phase.left_slice = OperandSlice::Low;
  phase.other_slice = OperandSlice::High;
  EXPECT_EQ(cycle_of(array, {}, phase), fmt::format("P 0={}", 91 * 199 * 256));
  phase.flags.last = true;
  phase.left_slice = OperandSlice::High;
  EXPECT_EQ(cycle_of(array, {}, phase), fmt::format("P 0={}", 160 * -49 * 256));
  EXPECT_EQ(cycle_of(array, {}, kBubble), fmt::format(" 0={} done", 91 * -49 * 65536));
  EXPECT_EQ(160 * 199 + (91 * 199 + 160 * -49) * 256 + 91 * -49 * 65536, -12345 * 23456);
}

TEST(PeArray, FloatsAreRoundedAfterTheProductAndAfterTheSumDownTheRows) {
  PeArray array(array_of(Dataflow::WeightStationary, 3, 1));
  const float big = 16777216.0F;  // 2^24: adding 1 changes nothing, adding 2 does
  for (const float weight : {1.0F, 1.0F, 1.0F}) {
    EXPECT_TRUE(array.cycle(Lanes{bits(weight)}, nullptr).row);
  }
  const Lanes left{bits(1.0F), bits(big), bits(1.0F)};  // (1 + 2^24) + 1 = 2^24 rounded twice
  const Phase phase{.flags = {.first = true, .last = true, .takes_shadow = true},
                    .sums = SumKind::Fp32,
                    .left = left};
  EXPECT_TRUE(array.cycle({}, &phase).phase);
  while (!array.visible().completes) {
    array.cycle({}, nullptr);
  }
  EXPECT_EQ(array.visible().results[0].value, bits(big));
}

TEST(PeArray, APhaseThatDoesNotMultiplyOccupiesItsCycleAlone) {
  PeArray array(array_of(Dataflow::OutputStationary, 1, 1));
  const float infinity = std::numeric_limits<float>::infinity();
  OwnedPhase phase{.flags = {.first = true, .clears = true, .multiplies = false},
                   .left = {},
                   .top = {},
                   .sums = SumKind::Fp32};
  EXPECT_EQ(cycle_of(array, {}, phase), "P");
  phase = {.flags = {.last = true, .drains = true},
           .left = {bits(infinity)},
           .top = {bits(2.0F)},
           .sums = SumKind::Fp32};
  EXPECT_EQ(cycle_of(array, {}, phase), "P");
  EXPECT_EQ(cycle_of(array, {}, kBubble), "");
  EXPECT_EQ(cycle_of(array, {}, kBubble),
            fmt::format(" 0={} done", static_cast<std::int32_t>(bits(infinity))));
}

TEST(PeArray, IntegerAndFloatingFoldsFollowEachOtherWithoutAGap) {
  PeArray array(array_of(Dataflow::OutputStationary, 1, 2));
  const OwnedPhase integer{.flags = {.first = true, .last = true, .clears = true, .drains = true},
                           .left = {0x7fc00001U},  // a NaN, were it a float
                           .top = {1, 2}};
  OwnedPhase floating = integer;
  floating.sums = SumKind::Fp32;
  floating.top = {bits(1.0F), bits(2.0F)};
  EXPECT_EQ(cycle_of(array, {}, integer), "P");
  EXPECT_EQ(cycle_of(array, {}, floating), "P");
  EXPECT_EQ(cycle_of(array, {}, kBubble), fmt::format(" 0={}", 0x7fc00001));
  EXPECT_EQ(cycle_of(array, {}, kBubble),
            fmt::format(" 0={} 1={} done", 0x7fc00000, static_cast<std::int32_t>(0xff800002U)));
  EXPECT_EQ(cycle_of(array, {}, kBubble), fmt::format(" 1={} done", 0x7fc00000));
}

TEST(PeArray, IsBusyWhileALaneOrAFoldIsOnItsWay) {
  PeArray array(array_of(Dataflow::WeightStationary, 1, 2));
  EXPECT_FALSE(array.is_busy());
  EXPECT_EQ(cycle_of(array, {1, 2}, kBubble), "L");
  EXPECT_TRUE(array.is_busy());
  const OwnedPhase takes{.flags = {.first = true, .last = true, .takes_shadow = true}, .left = {3}};
  EXPECT_EQ(cycle_of(array, {}, takes), "P");
  while (!array.visible().completes) {
    EXPECT_TRUE(array.is_busy());
    array.cycle({}, nullptr);
  }
  array.cycle({}, nullptr);
  EXPECT_FALSE(array.is_busy());
}

TEST(PeArray, RefusesPhasesThatMakeNoFolds) {
  PeArray array(array_of(Dataflow::WeightStationary, 1, 1));
  const OwnedPhase middle{.flags = {}, .left = {1}};
  EXPECT_THROW(cycle_of(array, {}, middle), InternalError);
  const OwnedPhase drains{.flags = {.first = true, .last = true, .drains = true}, .left = {1}};
  EXPECT_THROW(cycle_of(array, {}, drains), InternalError);
  const OwnedPhase wide{.flags = {.first = true}, .left = {1, 2}};
  EXPECT_THROW(cycle_of(array, {}, wide), InternalError);
  EXPECT_THROW(cycle_of(array, {1, 2}, kBubble), InternalError);
  EXPECT_THROW(PeArray(array_of(Dataflow::WeightStationary, 0, 1)), InternalError);
}

}  // namespace
}  // namespace systole::testing
