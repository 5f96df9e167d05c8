#include "sim/dram/address_map.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "sim/dram/bit_field_map.h"
#include "tests/sim/dram/dram_specs.h"
#include "tests/sim/dram/dram_traffic.h"

namespace systole::testing {
namespace {

using Ranges = std::vector<ChannelRange>;

constexpr auto kChannel0 = static_cast<ChannelIndex>(0);
constexpr auto kChannel1 = static_cast<ChannelIndex>(1);

TEST(DramAddressMap, ConsecutiveBlocksGoToConsecutiveChannels) {
  const DramAddressMap map(memory_of(ddr3_1600(), 2));
  // Blocks of 256 bytes: 0 and 2 are channel 0, 1 and 3 are channel 1.
  EXPECT_EQ(map.split(0, Bytes(256)), (Ranges{{kChannel0, 0, 256}}));
  EXPECT_EQ(map.split(256, Bytes(256)), (Ranges{{kChannel1, 0, 256}}));
  EXPECT_EQ(map.split(0, Bytes(1024)), (Ranges{{kChannel0, 0, 512}, {kChannel1, 0, 512}}));
  // From byte 255 to byte 513: one byte of block 0, block 1, two bytes of block 2.
  EXPECT_EQ(map.split(255, Bytes(259)), (Ranges{{kChannel0, 255, 258}, {kChannel1, 0, 256}}));
}

TEST(DramAddressMap, SystemAddressIsTheInverseOfSplit) {
  const DramAddressMap map(memory_of(ddr3_1600(), 3));
  Random random(7);
  for (int index = 0; index < 1000; ++index) {
    const std::int64_t address = random.below(std::int64_t{1} << 33);
    const ChannelRange range = map.split(address, Bytes(1)).at(0);
    EXPECT_EQ(map.system_address(range.channel, range.begin), address);
  }
}

TEST(DramAddressMap, ReadsRowRankBankGroupColumnFromTheMostSignificantEnd) {
  // 2 ranks, 2 groups, 2 banks, 8 bursts a row.
  const DramAddressMap map(memory_of(two_ranks_with_groups(), 1));
  const auto bank = [](int rank, int group, int index) {
    return static_cast<BankIndex>((rank * 2 + group) * 2 + index);
  };
  EXPECT_EQ(map.place(7), (BurstPlace{bank(0, 0, 0), RowIndex{0}, 7}));
  EXPECT_EQ(map.place(8), (BurstPlace{bank(0, 1, 0), RowIndex{0}, 0}));
  EXPECT_EQ(map.place(16), (BurstPlace{bank(0, 0, 1), RowIndex{0}, 0}));
  EXPECT_EQ(map.place(32), (BurstPlace{bank(1, 0, 0), RowIndex{0}, 0}));
  EXPECT_EQ(map.place(64), (BurstPlace{bank(0, 0, 0), RowIndex{1}, 0}));
}

TEST(DramAddressMap, IsTheBitFieldOrderOfTheSameName) {
  DramStandard standard = two_ranks_with_groups();
  standard.organization.pseudo_channels = 2;
  for (const DramMapping mapping : {DramMapping::Linear, DramMapping::BankGroupInterleaved}) {
    DramSpec spec = memory_of(standard, 1);
    spec.mapping = mapping;
    const DramAddressMap map(spec);
    const BitFieldMap fields(standard, *address_order(name_of(mapping)));
    const std::int64_t bursts = fields.capacity() / fields.burst_bytes();
    std::int64_t run = 0;  // bursts that `run_length` still promises
    for (std::int64_t burst = 0; burst < bursts; ++burst) {
      const BurstFields expected = fields.fields(burst * fields.burst_bytes());
      const BurstPlace place = map.place(burst);
      ASSERT_EQ(static_cast<std::size_t>(place.bank), fields.bank(expected)) << burst;
      ASSERT_EQ(static_cast<std::int64_t>(place.row), field_of(expected, AddressField::Row));
      ASSERT_EQ(place.column, field_of(expected, AddressField::Column));
      if (run > 0) {
        const BurstPlace before = map.place(burst - 1);
        ASSERT_EQ(place.bank, before.bank);
        ASSERT_EQ(place.row, before.row);
        ASSERT_EQ(place.column, before.column + 1);
      }
      run = map.run_length(burst) - 1;
    }
  }
}

std::string message_of(const DramSpec& spec) {
  try {
    const DramAddressMap map(spec);
  } catch (const InternalError& error) {
    return error.what();
  }
  return "no error";
}

TEST(DramAddressMap, RefusesWhatTheChannelsCannotHold) {
  using ::testing::HasSubstr;
  DramSpec spec = memory_of(two_ranks_with_groups(), 2);
  spec.interleave = Bytes(100);
  EXPECT_THAT(message_of(spec),
              HasSubstr("the interleave of 100 bytes is not a multiple of the burst of 64 bytes"));
  spec.interleave = Bytes(64);
  // 8 banks of 64 rows of 512 bytes in each of two channels.
  spec.capacity = Bytes(524289);
  EXPECT_THAT(
      message_of(spec),
      HasSubstr("a capacity of 524289 bytes does not fit the 524288 bytes of the channels"));
  spec.channels = 0;
  EXPECT_THAT(message_of(spec), HasSubstr("a DRAM needs a channel, got 0"));
}

}  // namespace
}  // namespace systole::testing
