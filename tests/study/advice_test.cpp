#include "study/advice.h"

#include <gmock/gmock.h>

#include "tests/report/sample_result.h"

namespace systole {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ChipSpec shipped(const std::string& name) {
  return read_chip(std::string(SYSTOLE_SOURCE_DIR) + "/configs/chips/" + name + ".yaml");
}

class ShippedChip : public testing::TestWithParam<const char*> {};

TEST_P(ShippedChip, HasPartsThatBelongTogether) {
  for (const std::string& warning : chip_warnings(shipped(GetParam()))) {
    EXPECT_THAT(warning, testing::Not(testing::AnyOf(testing::HasSubstr("interface"),
                                                     testing::HasSubstr("the price is"))));
  }
}

INSTANTIATE_TEST_SUITE_P(Names, ShippedChip,
                         testing::Values("asic_inference", "edge", "edge_is", "edge_os", "tpu_v1",
                                         "tpu_v2", "tpu_v3", "tpu_v4", "tpu_v5e"),
                         [](const auto& name) { return std::string(name.param); });

TEST(ChipWarnings, NameAMemoryThatTheInterfaceAndThePriceAreNotFor) {
  ChipSpec chip = shipped("edge");
  EXPECT_THAT(chip_warnings(chip), IsEmpty());
  chip.dram.standard.name = "hbm2_2000";
  chip.dram.standard.organization.bus_bits = 128;
  chip.silicon->tdp = Watts(100);
  EXPECT_THAT(
      chip_warnings(chip),
      ElementsAre("the DRAM interface lpddr4_x16 is one for lpddr4, the memory is hbm2_2000",
                  "the DRAM interface lpddr4_x16 has 16 bits, a channel of hbm2_2000 128",
                  "the price is that of lpddr4, the memory is hbm2_2000",
                  "hbm2_2000 comes in stacks on an interposer, and cost.memory_stacks is 0"));
}

TEST(ChipWarnings, TakeAFasterGenerationForTheSameMemory) {
  ChipSpec chip = shipped("asic_inference");
  chip.dram.standard.name = "hbm2e_3200";
  EXPECT_THAT(chip_warnings(chip), testing::Not(testing::Contains(testing::HasSubstr("hbm2e"))));
}

TEST(ChipWarnings, DoNotGuessWhatAStandardOfTheUsersOwnIs) {
  ChipSpec chip = shipped("edge");
  chip.dram.standard.name = "mine";
  EXPECT_THAT(chip_warnings(chip), IsEmpty());
}

TEST(ChipWarnings, NameATdpBelowFullLoad) {
  ChipSpec chip = shipped("edge");
  chip.silicon->tdp = Watts(0.5);
  ASSERT_EQ(chip_warnings(chip).size(), 1U);
  EXPECT_THAT(
      chip_warnings(chip).front(),
      testing::MatchesRegex("every unit at its full rate at once draws [0-9.]+ W, more than "
                            "the TDP of 0.5 W"));
}

TEST(ChipWarnings, NameAnArrayThatItsBufferCannotFeed) {
  ChipSpec chip = sample_chip();  // 16 rows, 4 ports of 16 B
  EXPECT_THAT(chip_warnings(chip), IsEmpty());
  chip.matrix.rows = 64;
  chip.matrix.pace_of_kind = {};
  chip.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Bf16)] = CoreCycles(1);
  EXPECT_THAT(chip_warnings(chip),
              ElementsAre("64 rows of bf16 want 128 B a cycle, the buffer's ports give 64"));
  chip.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Bf16)] = CoreCycles(2);
  EXPECT_THAT(chip_warnings(chip), IsEmpty());  // 64 B a cycle
  chip.matrix.dataflow = Dataflow::InputStationary;
  chip.matrix.cols = 64;
  EXPECT_THAT(chip_warnings(chip),
              ElementsAre("64 columns of bf16 want 128 B a cycle, the buffer's ports give 64"));
}

TEST(Advice, NamesWhatTheArrayWantedAndTheKeys) {
  Result result = sample_result();
  result.chip.matrix.rows = 64;
  result.chip.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Int8)] = CoreCycles(1);
  result.chip.buffer.ports = 2;
  EngineCounters& matrix = result.counters.engine(EngineKind::Matrix);
  matrix[Cause::Port] = matrix[Cause::Idle];  // 300 of 4000 cycles
  matrix[Cause::Idle] = CoreCycles(0);
  const std::vector<Advice> advice = advice_of(result);
  ASSERT_EQ(advice.size(), 2U);  // weights 600 of 4000 cycles, then port
  EXPECT_EQ(advice[0].cause, Cause::Weights);
  EXPECT_DOUBLE_EQ(advice[0].share, 0.15);
  EXPECT_EQ(advice[0].reason,
            "weights come late although they take 20 % of the DRAM's 16 GB/s alone");
  EXPECT_THAT(advice[0].keys, ElementsAre("weight_fifo.tiles", "dma.outstanding", "dma.request"));
  EXPECT_EQ(advice[1].cause, Cause::Port);
  EXPECT_EQ(advice[1].reason, "64 rows of int8 want 64 B a cycle, the buffer's ports give 32");
  EXPECT_THAT(advice[1].keys, ElementsAre("unified_buffer.ports", "unified_buffer.port_width",
                                          "unified_buffer.banks"));
}

TEST(Advice, SaysThatOneAccumulatorPortMakesOverlapDear) {
  Result result = sample_result();
  result.chip.accumulators.ports = 1;
  EngineCounters& matrix = result.counters.engine(EngineKind::Matrix);
  matrix[Cause::Accumulator] = matrix[Cause::Busy];
  matrix[Cause::Busy] = CoreCycles(0);
  ASSERT_FALSE(advice_of(result).empty());
  EXPECT_EQ(
      advice_of(result)[0].reason,
      "the array writes an entry a cycle, reads it to add to, and the vector unit reads one: 1 "
      "port and 4 banks serve them; with one port, overlap: none may be faster");
}

TEST(Advice, HasAReasonAndKeysForEveryCauseThatAKnobChanges) {
  for (const auto& [cause, name] : kEnumNames<Cause>) {
    Result result = sample_result();
    EngineCounters& matrix = result.counters.engine(EngineKind::Matrix);
    for (CoreCycles& cycles : matrix.cycles) {
      cycles = CoreCycles(0);
    }
    matrix[cause] = result.counters.elapsed;
    const std::vector<Advice> advice = advice_of(result);
    if (cause == Cause::Busy || cause == Cause::Idle) {
      EXPECT_THAT(advice, IsEmpty()) << name;
    } else if (cause != Cause::FifoFull) {  // of the weights engine alone
      ASSERT_EQ(advice.size(), 1U) << name;
      EXPECT_FALSE(advice[0].reason.empty()) << name;
      EXPECT_FALSE(advice[0].keys.empty()) << name;
    }
  }
}

TEST(Advice, OfARunWithoutFoldsIsNone) {
  Result result = sample_result();
  result.counters.engine(EngineKind::Matrix) = {};
  result.counters.engine(EngineKind::Matrix)[Cause::WaitVector] = result.counters.elapsed;
  EXPECT_THAT(advice_of(result), IsEmpty());
}

}  // namespace
}  // namespace systole
