#include "arch/chip_spec.h"

#include <gtest/gtest.h>

#include "arch/diag/error.h"

namespace systole {
namespace {

constexpr MatrixUnitSpec kMatrix{.rows = 3,
                                 .cols = 5,
                                 .dataflow = Dataflow::WeightStationary,
                                 .pace_of_kind = {CoreCycles(1), CoreCycles(2), CoreCycles(4)}};

TEST(MatrixUnitSpec, PaceFollowsTheNumberOfWideOperands) {
  EXPECT_EQ(kMatrix.pace(DataType::Int8, DataType::Int8), CoreCycles(1));
  EXPECT_EQ(kMatrix.pace(DataType::Int16, DataType::Int8), CoreCycles(2));
  EXPECT_EQ(kMatrix.pace(DataType::Int8, DataType::Int16), CoreCycles(2));
  EXPECT_EQ(kMatrix.pace(DataType::Int16, DataType::Int16), CoreCycles(4));
}

TEST(MatrixUnitSpec, KindsWithoutAPaceAreNotSupported) {
  EXPECT_TRUE(kMatrix.supports(MacKind::Int16));
  EXPECT_FALSE(kMatrix.supports(MacKind::Bf16));
  EXPECT_THROW((void)kMatrix.pace(DataType::Bf16, DataType::Bf16), InternalError);
}

TEST(MatrixUnitSpec, PartialSumsAreNoOperands) {
  EXPECT_THROW((void)kMatrix.pace(DataType::Int32, DataType::Int8), InternalError);
  EXPECT_THROW((void)kMatrix.pace(DataType::Int8, DataType::Int32), InternalError);
}

TEST(MatrixUnitSpec, EveryElementMultipliesOnceACycle) {
  EXPECT_EQ(kMatrix.macs_per_cycle(), 3 * 5);
}

TEST(VectorUnitSpec, PaceOfEachClassIsItsOwn) {
  const VectorUnitSpec vector{
      .lanes = 4,
      .latency = CoreCycles(1),
      .pace = {CoreCycles(11), CoreCycles(12), CoreCycles(13), CoreCycles(14)}};
  EXPECT_EQ(vector.pace_of(VectorClass::Activation), CoreCycles(11));
  EXPECT_EQ(vector.pace_of(VectorClass::Elementwise), CoreCycles(12));
  EXPECT_EQ(vector.pace_of(VectorClass::Pooling), CoreCycles(13));
  EXPECT_EQ(vector.pace_of(VectorClass::Softmax), CoreCycles(14));
}

DramSpec ddr3_2133() {
  DramSpec dram;
  dram.standard.organization = {.bus_bits = 64,
                                .burst_length = 8,
                                .ranks = 1,
                                .bank_groups = 1,
                                .banks_per_group = 8,
                                .rows = 65536,
                                .bursts_per_row = 128};
  dram.standard.timing.tCK = Femtoseconds(937'500);
  dram.standard.timing.nBL = DramCycles(4);
  dram.channels = 2;
  return dram;
}

TEST(DramOrganization, SizesFollowFromTheGeometry) {
  const DramOrganization organization = ddr3_2133().standard.organization;
  EXPECT_EQ(organization.burst_bytes(), Bytes(64));  // 64 / 8 x 8
  EXPECT_EQ(organization.row_bytes(), Bytes(8192));  // 128 x 64 B
  EXPECT_EQ(organization.banks(), 8);
  EXPECT_EQ(organization.capacity(), Bytes(std::int64_t{4} << 30));  // 8 KiB x 65536 x 8
}

TEST(DramSpec, PeakBandwidthIsBurstsPerBurstTime) {
  // 2 channels x 64 B every 4 x 937.5 ps = 128 B / 3.75 ns = 34.1333... GB/s, rounded down
  EXPECT_EQ(ddr3_2133().peak_bandwidth(), BytesPerSecond(34'133'333'333));
}

TEST(DramSpec, PeakBandwidthOfManyWideChannelsDoesNotOverflow) {
  DramSpec dram = ddr3_2133();
  dram.standard.organization.bus_bits = 1024;
  dram.standard.organization.burst_length = 64;
  dram.channels = 128;  // 128 x 8 KiB x 10^15 fs is beyond 64 bits
  dram.standard.timing.tCK = Femtoseconds(1'000'000);
  dram.standard.timing.nBL = DramCycles(32);
  // 128 x 8192 B / 32 ns = 32768 B/ns
  EXPECT_EQ(dram.peak_bandwidth(), BytesPerSecond(32'768'000'000'000));
}

}  // namespace
}  // namespace systole
