#include "sim/dram/request_pattern.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "tests/sim/dram/reference_data.h"

namespace systole::testing {
namespace {

/// FNV-1a over the eight bytes of (address << 1 | is write), least significant first.
std::uint64_t trace_hash(const ReferenceRun& run) {
  const BitFieldMap map(shipped_standard(run.config), *address_order(run.mapping));
  const RequestPattern pattern = *value_named<RequestPattern>(run.pattern);
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (std::int64_t index = 0; index < run.requests; ++index) {
    const AddressedBurst burst = burst_of(pattern, map, index);
    const bool writes = burst.operation == DramOperation::Write;
    auto word = static_cast<std::uint64_t>(burst.address) << 1U | (writes ? 1U : 0U);
    for (int byte = 0; byte < 8; ++byte, word >>= 8U) {
      hash = (hash ^ (word & 0xFFU)) * 0x100000001B3U;
    }
  }
  return hash;
}

TEST(RequestPattern, TrainsHaveTheHashesThatTheReferenceRunsRecord) {
  std::vector<ReferenceRow> rows = reference_rows();
  for (const ReferenceRow& row : rows) {
    if (row.run.window == 0 || row.run.requests == 50'000) {
      EXPECT_EQ(trace_hash(row.run), row.trace_hash) << row;
    }
  }
}

/// The patterns without a listed run, by their definition.
TEST(RequestPattern, TilesCopiesAndStridesAreWhereTheirDefinitionsSay) {
  const DramStandard standard = shipped_standard("HBM2-2000-8ch");
  const BitFieldMap map(standard, *address_order("lin"));
  const auto address = [&](RequestPattern pattern, std::int64_t index) {
    return burst_of(pattern, map, index).address;
  };
  const auto writes = [&](RequestPattern pattern, std::int64_t index) {
    return burst_of(pattern, map, index).operation == DramOperation::Write;
  };
  const std::int64_t half = map.capacity() / 2;
  using enum RequestPattern;
  EXPECT_EQ(address(Tile2d, 7), 7 * 64);
  EXPECT_EQ(address(Tile2d, 8), 8192);  // 8 bursts of 64 bytes are 512 bytes
  EXPECT_EQ(address(Copy4k, 63), 63 * 64);
  EXPECT_FALSE(writes(Copy4k, 63));
  EXPECT_EQ(address(Copy4k, 64), half);
  EXPECT_TRUE(writes(Copy4k, 64));
  EXPECT_EQ(address(Copy4k, 128), 4096);
  EXPECT_EQ(address(Copy, 5), half + 2 * 64);
  EXPECT_TRUE(writes(Copy, 5));
  EXPECT_EQ(address(RandWr, 17), address(RandRd, 17));
  EXPECT_TRUE(writes(RandWr, 0));
  const BurstFields same = map.fields(address(StrideSamebank, 8 * 5 + 3));
  EXPECT_EQ(field_of(same, AddressField::Channel), 3);
  EXPECT_EQ(field_of(same, AddressField::Row), 5);
  EXPECT_EQ(map.bank(same), 0U);
  // j = 37 = row 2, bank 1, group 1 of 4 x 4 banks.
  const BurstFields next = map.fields(address(StrideBankrot, 8 * 37 + 6));
  EXPECT_EQ(field_of(next, AddressField::Row), 2);
  EXPECT_EQ(field_of(next, AddressField::Bank), 1);
  EXPECT_EQ(field_of(next, AddressField::BankGroup), 1);
  EXPECT_EQ(field_of(next, AddressField::Column), 0);
}

TEST(RequestPattern, AddressesWrapAtTheCapacity) {
  const BitFieldMap map(shipped_standard("LPDDR4-3200"), *address_order("lin"));
  const std::int64_t bursts = map.capacity() / map.burst_bytes();
  EXPECT_EQ(burst_of(RequestPattern::SeqRd, map, bursts + 3).address, 3 * 32);
  EXPECT_EQ(burst_of(RequestPattern::Copy, map, 2 * bursts).address, 0);
}

}  // namespace
}  // namespace systole::testing
