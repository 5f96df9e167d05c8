#include "silicon/area/area.h"

#include <gtest/gtest.h>

#include "arch/diag/error.h"

namespace systole {
namespace {

ChipSpec shipped(const std::string& name) {
  return read_chip(std::string(SYSTOLE_SOURCE_DIR) + "/configs/chips/" + name + ".yaml");
}

// Jouppi et al., ISCA 2017, Figure 2 and Table 2: data buffers 37, compute 30, I/O 10, control 2 %
// of a die of at most 331 mm2.
TEST(TpuV1Area, HasThePublishedFloorplanWithin5PointsOnADieOfAtMost331) {
  const ChipArea area = chip_area(shipped("tpu_v1"));
  EXPECT_LE(area.die.count(), 331.0);
  const double buffers = area.share(Component::UnifiedBuffer) +
                         area.share(Component::Accumulators) + area.share(Component::WeightFifo);
  const double compute = area.share(Component::MatrixUnit) + area.share(Component::VectorUnit);
  const double io = area.share(Component::DramInterface) + area.share(Component::HostLink);
  EXPECT_NEAR(100.0 * buffers, 37.0, 5.0);
  EXPECT_NEAR(100.0 * compute, 30.0, 5.0);
  EXPECT_NEAR(100.0 * io, 10.0, 5.0);
  EXPECT_NEAR(100.0 * area.share(Component::Control), 2.0, 5.0);
}

/// A row of weights a cycle: of 128 columns a multiplier and a register of 16 bits each; half as
/// many where a row takes two cycles.
TEST(ChipArea, OfTheWeightFifoHasWhatConvertsNarrowWeights) {
  ChipSpec chip = shipped("tpu_v3");
  const auto logic = [&] { return chip_area(chip).part(Component::WeightFifo).logic.count(); };
  const Technology& technology = chip.silicon->technology;
  const double one =
      technology.multiplier_of(native_kind(chip.matrix)).mm2 + 16 * technology.register_bit.mm2;
  const auto units = static_cast<double>(chip.matrix_units());
  EXPECT_NEAR(logic(), units * 128 * one / technology.placement, 1e-12);
  EXPECT_GT(logic(), 0);
  const auto set_pace = [&](std::int64_t cycles) {
    for (CoreCycles& pace : chip.weight_fifo.convert) {
      pace = pace > CoreCycles(0) ? CoreCycles(cycles) : pace;
    }
  };
  set_pace(2);
  EXPECT_NEAR(logic(), units * 64 * one / technology.placement, 1e-12);
  chip.weight_fifo.convert = {};
  EXPECT_EQ(logic(), 0);
}

TEST(ChipArea, IsTheSumOfItsPartsAndTheUnplacedShare) {
  for (const char* name : {"tpu_v1", "edge"}) {
    const ChipSpec chip = shipped(name);
    const ChipArea area = chip_area(chip);
    double sum = area.unplaced.count();
    for (const PartArea& part : area.parts) {
      sum += part.total().count();
    }
    EXPECT_NEAR(sum, area.die.count(), 1e-9) << name;
    EXPECT_NEAR(area.unplaced / area.die, chip.silicon->unplaced, 1e-12) << name;
  }
}

TEST(ChipArea, OfTheArrayIsItsPesOverThePlacement) {
  const ChipSpec chip = shipped("tpu_v1");
  const Technology& technology = chip.silicon->technology;
  // int8: activation 8, weight 8 twice (shadow), product 16, sum 32
  EXPECT_EQ(pe_register_bits(chip.matrix), 8 + 2 * 8 + 16 + 32);
  const double pe = technology.multiplier_of(MacKind::Int8).mm2 + technology.adder_int32.mm2 +
                    72.0 * technology.register_bit.mm2;
  EXPECT_NEAR(chip_area(chip).part(Component::MatrixUnit).total().count(),
              65536.0 * pe / technology.placement, 1e-9);
}

TEST(ChipArea, OfAPeWithoutShadowKeepsOneWeight) {
  ChipSpec chip = shipped("tpu_v1");
  chip.matrix.overlap = Overlap::None;
  EXPECT_EQ(pe_register_bits(chip.matrix), 8 + 8 + 16 + 32);
}

TEST(ChipArea, OfAPeHasWhatStaysTwiceWithAShadow) {
  MatrixUnitSpec matrix{.rows = 1, .cols = 1};
  matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Int8xInt16)] = CoreCycles(1);
  const auto bits = [&](Dataflow dataflow) {
    matrix.dataflow = dataflow;
    return pe_register_bits(matrix);
  };
  // activation 16, weight 8, product 24, sum 32
  EXPECT_EQ(bits(Dataflow::WeightStationary), 80 + 8);
  EXPECT_EQ(bits(Dataflow::InputStationary), 80 + 16);
  EXPECT_EQ(bits(Dataflow::OutputStationary), 80 + 32);
  matrix.overlap = Overlap::None;
  for (const auto& [dataflow, name] : kEnumNames<Dataflow>) {
    EXPECT_EQ(bits(dataflow), 80) << name;
  }
}

TEST(ChipArea, CountsEveryMemoryBit) {
  const ChipArea area = chip_area(shipped("tpu_v1"));
  EXPECT_EQ(area.part(Component::UnifiedBuffer).memory_bits, std::int64_t{24} << 23);
  EXPECT_EQ(area.part(Component::Accumulators).memory_bits, std::int64_t{4} << 23);
  EXPECT_EQ(area.part(Component::WeightFifo).memory_bits, 4 * 65536 * 8);
}

TEST(ChipArea, HasOneDramPortAChannel) {
  ChipSpec chip = shipped("tpu_v1");
  const double two = chip_area(chip).part(Component::DramInterface).total().count();
  chip.dram.channels = 4;
  EXPECT_NEAR(chip_area(chip).part(Component::DramInterface).total().count(), 2.0 * two, 1e-9);
}

TEST(ChipArea, TakesTheUsersFigures) {
  ChipSpec chip = shipped("tpu_v1");
  chip.silicon->areas.push_back({Component::MatrixUnit, 100.0, "mine:1"});
  const ChipArea area = chip_area(chip);
  EXPECT_DOUBLE_EQ(area.part(Component::MatrixUnit).total().count(), 100.0);
  EXPECT_TRUE(area.part(Component::MatrixUnit).overridden);
}

TEST(NativeKind, IsTheFastestAndOfEquallyFastOnesTheWidest) {
  MatrixUnitSpec matrix;
  const auto set = [&](MacKind kind, std::int64_t pace) {
    matrix.pace_of_kind[static_cast<std::size_t>(kind)] = CoreCycles(pace);
  };
  set(MacKind::Int16, 4);
  set(MacKind::Int8, 1);
  EXPECT_EQ(native_kind(matrix), MacKind::Int8);
  set(MacKind::Bf16, 1);
  EXPECT_EQ(native_kind(matrix), MacKind::Bf16);
}

TEST(ChipArea, NeedsATechnology) {
  ChipSpec chip = shipped("tpu_v1");
  chip.silicon.reset();
  EXPECT_THROW((void)chip_area(chip), InternalError);
}

}  // namespace
}  // namespace systole
