#include "silicon/fpga/fpga_use.h"

#include <utility>

#include <gmock/gmock.h>

#include "arch/chip_spec.h"
#include "silicon/fpga/fpga_power.h"

namespace systole {
namespace {

/// Round figures; int8 in pairs, int16 one by one.
FpgaPart part() {
  FpgaPart part;
  part.name = "part";
  part.block_shapes = {{.depth = 512, .bits = 72}, {.depth = 1024, .bits = 36}};
  part.large_shapes = {{.depth = 4096, .bits = 72}};
  part.multipliers_per_lane = 4;
  part.per_pe = {.luts = 10, .flip_flops = 20};
  part.per_lane = {.luts = 100, .flip_flops = 200};
  part.per_memory_channel = {.luts = 1000, .flip_flops = 2000};
  part.shell = {.luts = 10'000, .flip_flops = 20'000};
  part.packing[static_cast<std::size_t>(MacKind::Int8)] = {.macs = 2, .multipliers = 1};
  part.packing[static_cast<std::size_t>(MacKind::Int16)] = {.macs = 1, .multipliers = 2};
  return part;
}

ChipSpec chip() {
  ChipSpec chip;
  chip.name = "design";
  chip.frequency = Hertz(1'000'000'000);
  chip.matrix.rows = 9;
  chip.matrix.cols = 5;
  chip.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Int8)] = CoreCycles(1);
  chip.accumulators = {.entries = 1030, .banks = 2, .ports = 2};
  chip.weight_fifo = {.tiles = 3};
  chip.buffer = {.capacity = Bytes(64 << 10), .banks = 2, .ports = 1, .port_width = Bytes(16)};
  chip.vector.lanes = 6;
  chip.dma = {.request = Bytes(4096), .outstanding = 8};
  chip.dram.channels = 2;
  return chip;
}

FpgaResources use_of(const ChipSpec& spec, const std::string& component) {
  for (const FpgaComponentUse& use : fpga_use(spec, part())) {
    if (use.component == component) {
      return use.use;
    }
  }
  ADD_FAILURE() << "no " << component;
  return {};
}

TEST(MemoryBlocks, AreThoseOfTheBestShape) {
  const std::vector<FpgaMemoryShape> shapes = part().block_shapes;
  EXPECT_EQ(memory_blocks(shapes, 512, 72), 1);
  EXPECT_EQ(memory_blocks(shapes, 513, 72), 2);
  EXPECT_EQ(memory_blocks(shapes, 512, 73), 2);
  EXPECT_EQ(memory_blocks(shapes, 1024, 36), 1);  // 2 of the first shape
}

/// 45 products a cycle in pairs: 23.
TEST(FpgaUse, OfTheArrayIsThatOfItsMostExpensiveKind) {
  ChipSpec design = chip();
  EXPECT_EQ(use_of(design, "matrix_unit"),
            (FpgaResources{.multipliers = 23, .luts = 450, .flip_flops = 900}));
  CoreCycles& pace = design.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Int16)];
  pace = CoreCycles(4);  // 45 * 2 / 4 = 22.5
  EXPECT_EQ(use_of(design, "matrix_unit").multipliers, 23);
  pace = CoreCycles(3);
  EXPECT_EQ(use_of(design, "matrix_unit").multipliers, 30);
}

TEST(FpgaUse, OfMemoriesIsWordsByWidthInEachBank) {
  // 2 banks of 515 words of 160 bit: 515 deep is 2 x 512 or 1 x 1024; 160 bit is 3 x 72 or 5 x 36
  EXPECT_EQ(use_of(chip(), "accumulators").block_memories, 2 * 5);
  // 9 x 3 = 27 words of 40 bit
  EXPECT_EQ(use_of(chip(), "weight_fifo").block_memories, 1);
  // 2 banks of 65536 / 32 = 2048 words of 128 bit: 2 x 72
  EXPECT_EQ(use_of(chip(), "unified_buffer").large_memories, 2 * 2);
  // 3 engines, 8 x 4096 / 64 = 512 words of 512 bit: 8 x 72
  EXPECT_EQ(use_of(chip(), "dma").block_memories, 3 * 8);
}

TEST(FpgaUse, AddsUp) {
  const FpgaResources total = total_of(fpga_use(chip(), part()));
  EXPECT_EQ(total, (FpgaResources{.multipliers = 23 + 24,
                                  .block_memories = 10 + 1 + 24,
                                  .large_memories = 4,
                                  .luts = 450 + 600 + 2000 + 10'000,
                                  .flip_flops = 900 + 1200 + 4000 + 20'000}));
}

/// 1000 cycles of 1 ns are a microsecond: 1 pJ a time each are 1 uW.
TEST(FpgaPower, IsStaticPlusCountsTimesEnergyOverTime) {
  ChipSpec design = chip();
  design.fpga = part();
  design.fpga->energy = {.static_power = Watts(5),
                         .per_mac = Femtojoules(2000),
                         .per_lut_cycle = Femtojoules(100),
                         .per_memory_byte = Femtojoules(3000),
                         .per_dram_byte = Femtojoules(4000)};
  Counters counters;
  counters.elapsed = CoreCycles(1000);
  counters.actions.macs = 10'000;
  counters.actions.macs_of_kind[static_cast<std::size_t>(MacKind::Int8)] = 10'000;
  counters.actions.mac_slots = 40'000;
  counters.actions.buffer_reads = 30;        // of 16 B
  counters.actions.accumulator_writes = 20;  // of 5 x 4 B
  counters.actions.weight_bytes = 50;        // in and out
  counters.dram.read_bytes = 700;
  const FpgaPower power = fpga_power(design, counters);
  EXPECT_DOUBLE_EQ(power.static_watts, 5);
  EXPECT_DOUBLE_EQ(power.multiply, 10'000 * 2e-12 / 1e-6);
  EXPECT_DOUBLE_EQ(power.fabric, 13'050 * 0.1e-12 * 1e9);
  EXPECT_DOUBLE_EQ(power.memory, (30 * 16 + 20 * 20 + 2 * 50) * 3e-12 / 1e-6);
  EXPECT_DOUBLE_EQ(power.dram, 700 * 4e-12 / 1e-6);
  EXPECT_DOUBLE_EQ(power.total(), 5 + power.multiply + power.fabric + power.memory + power.dram);
  auto& of_kind = counters.actions.macs_of_kind;  // wider operands
  std::swap(of_kind[static_cast<std::size_t>(MacKind::Int8)],
            of_kind[static_cast<std::size_t>(MacKind::Int16)]);
  EXPECT_DOUBLE_EQ(fpga_power(design, counters).multiply, 40'000 * 2e-12 / 1e-6);
}

}  // namespace
}  // namespace systole
