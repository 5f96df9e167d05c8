#include "arch/fpga/fpga_fit.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/arch/chip_files.h"
#include "tests/arch/message_of.h"

namespace systole {
namespace {

FpgaPart small_part() {
  FpgaPart part{.name = "part",
                .luts = 100'000,
                .flip_flops = 200'000,
                .multipliers = {.name = "DSP", .count = 100},
                .memories = {{.name = "LARGE", .count = 10, .bits = 4096 * 72, .widths = {72}},
                             {.name = "SMALL", .count = 40, .bits = 1024 * 36, .widths = {72, 36}}},
                .dram_bandwidth = BytesPerSecond(1000),
                .dram_capacity = Bytes(2000),
                .pe = {.luts = 3, .flip_flops = 5},
                .float_pe = {.luts = 70, .flip_flops = 90},
                .lane = {.luts = 11, .flip_flops = 13},
                .lane_blocks = 4,
                .lanes_per_blocks = 1,
                .shell = {.luts = 1000, .flip_flops = 2000}};
  part.multipliers.macs[static_cast<std::size_t>(MacKind::Int8)] = 2;
  part.multipliers.macs[static_cast<std::size_t>(MacKind::Int16)] = 1;
  part.multipliers.macs[static_cast<std::size_t>(MacKind::Bf16)] = 1;
  return part;
}

/// 6 x 5 PEs, three lanes.
ChipSpec small_chip() {
  ChipSpec chip;
  chip.matrix.rows = 6;
  chip.matrix.cols = 5;
  chip.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Int8)] = CoreCycles(1);
  chip.accumulators = {.entries = 64, .banks = 2, .ports = 2};
  chip.weight_fifo = {.tiles = 3};
  chip.buffer = {.capacity = Bytes(64 * 1024), .banks = 2, .ports = 1, .port_width = Bytes(16)};
  chip.vector.lanes = 3;
  chip.dram.standard.timing.tCK = Femtoseconds(1'000'000'000);
  chip.dram.standard.timing.nBL = DramCycles(4);
  chip.dram.channels = 1;
  chip.dram.capacity = Bytes(1500);
  return chip;
}

ResourceUse use_of(const std::string& resource, const ChipSpec& chip, const FpgaPart& part) {
  for (const ResourceUse& use : resources_of(chip, part)) {
    if (use.resource == resource) {
      return use;
    }
  }
  ADD_FAILURE() << resource;
  return {};
}

TEST(FpgaFit, TwoInt8ProductsShareAMultiplier) {
  // 30 PEs at two to a block, and four blocks for each of the three lanes.
  EXPECT_EQ(use_of("DSP", small_chip(), small_part()),
            (ResourceUse{.resource = "DSP", .used = 30 / 2 + 3 * 4, .available = 100}));
}

TEST(FpgaFit, OddNumberOfPesTakesHalfABlockMore) {
  ChipSpec chip = small_chip();
  chip.matrix.rows = 5;  // 25 PEs: 12.5 blocks
  EXPECT_EQ(use_of("DSP", chip, small_part()).used, 13 + 12);
}

TEST(FpgaFit, SlowKindsShareTheirMultipliersOverTheirPace) {
  ChipSpec chip = small_chip();
  chip.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Int16)] = CoreCycles(4);
  EXPECT_EQ(use_of("DSP", chip, small_part()).used, 15 + 12);  // 30 / 4 fit into the 15
  chip.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Int16)] = CoreCycles(1);
  EXPECT_EQ(use_of("DSP", chip, small_part()).used, 30 + 12);
}

TEST(FpgaFit, LanesMayShareABlock) {
  FpgaPart part = small_part();
  part.lane_blocks = 1;
  part.lanes_per_blocks = 2;
  EXPECT_EQ(use_of("DSP", small_chip(), part).used, 15 + 2);
}

TEST(FpgaFit, LogicIsThatOfPesLanesAndShell) {
  EXPECT_EQ(use_of("LUT", small_chip(), small_part()).used, 30 * 3 + 3 * 11 + 1000);
  EXPECT_EQ(use_of("flip-flop", small_chip(), small_part()).used, 30 * 5 + 3 * 13 + 2000);
}

TEST(FpgaFit, PesThatAddFloatsAreLarger) {
  ChipSpec chip = small_chip();
  chip.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Bf16)] = CoreCycles(2);
  EXPECT_EQ(use_of("LUT", chip, small_part()).used, 30 * 70 + 3 * 11 + 1000);
}

TEST(FpgaFit, BlocksTileWidthAndDepth) {
  const MemoryBlocks blocks{.name = "B", .count = 1, .bits = 1024 * 36, .widths = {72, 36}};
  EXPECT_EQ(blocks.blocks_for(72, 512), 1);
  EXPECT_EQ(blocks.blocks_for(72, 513), 2);
  EXPECT_EQ(blocks.blocks_for(73, 512), 2);
  EXPECT_EQ(blocks.blocks_for(36, 1024), 1);  // the narrow shape
  EXPECT_EQ(blocks.blocks_for(37, 1024), 2);
  EXPECT_EQ(blocks.blocks_for(1, 1), 1);
}

TEST(FpgaFit, EachMemoryGoesWhereItLeavesTheLargerShare) {
  // Buffer: two banks of 128 bits x 2048. Large: 2 x 2 x 1 = 4 of 10; small, as 36 wide:
  // 2 x 4 x 2 = 16 of 40: as much of either, the first wins.
  // Accumulators: two banks of 160 bits x 32. Large 4 + 2 x 3 = 10 of 10; small, as 72 wide:
  // 2 x 3 = 6 of 40. FIFO: 40 bits x 18: small 6 + 1 = 7 of 40.
  EXPECT_EQ(use_of("LARGE", small_chip(), small_part()).used, 4);
  EXPECT_EQ(use_of("SMALL", small_chip(), small_part()).used, 7);
}

TEST(FpgaFit, DramIsBudgetedByCapacity) {
  EXPECT_EQ(use_of("DRAM B", small_chip(), small_part()),
            (ResourceUse{.resource = "DRAM B", .used = 1500, .available = 2000}));
}

constexpr std::string_view kPartText = R"(name: tiny
description: A small part
luts: 100000
flip_flops: 200000
multipliers:
  name: DSP
  count: 300
  macs:
    int8xint8: 2
    int8xint16: 1
    int16xint16: 1
memories:
  - name: RAM
    count: 4000
    bits: 36864
    widths: [72, 36]
clock_limit: 700 MHz
dram:
  bandwidth: 100 GB/s
  capacity: 16 GiB
costs:
  pe: {luts: 1, flip_flops: 1}
  float_pe: {luts: 2, flip_flops: 2}
  lane: {luts: 1, flip_flops: 1}
  lane_multipliers: 1
  lanes_per_multipliers: 1
  shell: {luts: 1, flip_flops: 1}
)";

class FpgaOfAChip : public testing::Test {
 protected:
  ChipSpec chip_on(const std::string& part, const std::string& chip_text = kChip) {
    part_file_ = files_.directory().write("fpgas/tiny.yaml", part);
    (void)files_.write_dram(kDramText);
    return read_chip(files_.write_chip(chip_text));
  }
  std::string complaint(const std::string& part, const std::string& chip_text = kChip) {
    return message_of([&] { (void)chip_on(part, chip_text); });
  }
  static inline const std::string kChip = "fpga: tiny\n" + std::string(kChipText);
  ChipFiles files_;
  std::string part_file_;
};

TEST_F(FpgaOfAChip, IsKeptWithWhatTheChipTakes) {
  const ChipSpec chip = chip_on(std::string(kPartText));
  ASSERT_TRUE(chip.fpga.has_value());
  EXPECT_EQ(chip.fpga->part, "tiny");
  EXPECT_EQ(chip.fpga->uses, resources_of(chip, read_fpga_part(part_file_)));
  EXPECT_EQ(chip.facts.back().path, "fpga.tiny.costs.shell.flip_flops");
}

TEST_F(FpgaOfAChip, OverBudgetIsAMistakeThatNamesEveryResource) {
  const ChipSpec chip = chip_on(std::string(kPartText));
  const std::int64_t blocks = chip.fpga->uses.front().used;
  const std::int64_t luts = chip.fpga->uses[1].used;
  std::string part = replaced(kPartText, "count: 300", "count: " + std::to_string(blocks - 1));
  EXPECT_EQ(complaint(part), chip.file + ":1:7: fpga: expected at most the " +
                                 std::to_string(blocks - 1) + " DSP of tiny, got " +
                                 std::to_string(blocks));
  part = replaced(part, "luts: 100000", "luts: " + std::to_string(luts - 1));
  EXPECT_EQ(complaint(part), chip.file + ":1:7: fpga: expected at most the " +
                                 std::to_string(blocks - 1) + " DSP and " +
                                 std::to_string(luts - 1) + " LUT of tiny, got " +
                                 std::to_string(blocks) + " and " + std::to_string(luts));
}

TEST_F(FpgaOfAChip, ClockBeyondThePartIsAMistake) {
  const std::string message =
      complaint(replaced(kPartText, "clock_limit: 700 MHz", "clock_limit: 300 MHz"));
  EXPECT_NE(
      message.find("clock: expected at most the 300 MHz of fpga (tiny, line 1), got '700 MHz'"),
      std::string::npos)
      << message;
}

TEST_F(FpgaOfAChip, OperandsThatThePartDoesNotMultiplyAreAMistake) {
  const std::string message = complaint(replaced(kPartText, "    int16xint16: 1\n", ""));
  EXPECT_NE(message.find("matrix_unit.pace.int16xint16: expected operands that the DSP of tiny "
                         "multiplies, got int16xint16"),
            std::string::npos)
      << message;
}

TEST_F(FpgaOfAChip, UnknownPartIsSuggested) {
  const std::string message =
      complaint(std::string(kPartText), "fpga: tini\n" + std::string(kChipText));
  EXPECT_NE(message.find(":1:7: fpga: expected tiny, got 'tini' (did you mean 'tiny'?)"),
            std::string::npos)
      << message;
}

TEST_F(FpgaOfAChip, WidthThatDoesNotDivideTheBlockIsAMistakeOfThePart) {
  const std::string message =
      complaint(replaced(kPartText, "widths: [72, 36]", "widths: [72, 35]"));
  EXPECT_NE(message.find("fpgas/tiny.yaml:16:18: memories[0].widths[1]: expected a divisor of the "
                         "36864 bits, got 35"),
            std::string::npos)
      << message;
}

}  // namespace
}  // namespace systole
