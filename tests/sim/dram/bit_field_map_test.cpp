#include "sim/dram/bit_field_map.h"

#include <gtest/gtest.h>

#include "tests/sim/dram/reference_data.h"

namespace systole::testing {
namespace {

using enum AddressField;

BitFieldMap map_of(const DramStandard& standard, std::string_view order) {
  return BitFieldMap(standard, *address_order(order));
}

TEST(AddressOrder, RefusesWhatIsNoOrder) {
  for (const char* const text : {"", "bgj", "row", "row:rank:bank:column:bank_group:pseudo_channel",
                                 "row:row:rank:bank:column:bank_group:pseudo_channel:channel",
                                 "row:rank:bank:column.0:bank_group:pseudo_channel:column:channel",
                                 "row:rank:bank:column.2:bank_group:pseudo_channel:channel",
                                 "row:rank:bank:line:bank_group:pseudo_channel:channel"}) {
    EXPECT_FALSE(address_order(text).has_value()) << text;
  }
}

TEST(AddressOrder, MayCutAFieldIntoParts) {
  const auto order =
      address_order("row:rank:bank:column:bank_group:column.2:pseudo_channel:channel");
  ASSERT_TRUE(order.has_value());
  // DDR4-2400: 6 bits of the byte, then 2 of the column, 2 of the bank group, 5 of the column.
  const BitFieldMap map(shipped_standard("DDR4-2400"), *order);
  const BurstFields fields = map.fields((0b10110'11'01) << 6);
  EXPECT_EQ(field_of(fields, Column), 0b1011001);
  EXPECT_EQ(field_of(fields, BankGroup), 0b11);
}

TEST(AddressOrder, FitsWhileNoFieldHasMoreBitsThanTheStandard) {
  const std::string_view two =
      "row:rank:bank:column:bank_group.2:bank_group:pseudo_channel:channel";
  const std::string_view three =
      "row:rank:bank:column:bank_group.3:bank_group:pseudo_channel:channel";
  EXPECT_TRUE(fits(shipped_standard("DDR4-2400"), *address_order(two)));
  EXPECT_FALSE(fits(shipped_standard("DDR4-2400"), *address_order(three)));
}

TEST(BitFieldMap, PutsTheChannelLowestAndTheRowHighest) {
  const DramStandard standard = shipped_standard("HBM2-2000-8ch");
  // 64-byte bursts, 3 bits of channels, 2 of bank groups, 5 of columns, 2 of banks, 15 of rows.
  const BitFieldMap bgi = map_of(standard, "bgi");
  EXPECT_EQ(field_of(bgi.fields(64), Channel), 1);
  EXPECT_EQ(field_of(bgi.fields(8 * 64), BankGroup), 1);
  EXPECT_EQ(field_of(bgi.fields(8 * 4 * 64), Column), 1);
  EXPECT_EQ(field_of(bgi.fields(8 * 4 * 32 * 64), Bank), 1);
  EXPECT_EQ(field_of(bgi.fields(std::int64_t{8} * 4 * 32 * 4 * 64), Row), 1);
  const BitFieldMap lin = map_of(standard, "lin");
  EXPECT_EQ(field_of(lin.fields(8 * 64), Column), 1);
  EXPECT_EQ(field_of(lin.fields(8 * 32 * 64), BankGroup), 1);
  EXPECT_EQ(lin.capacity(), 8 * standard.organization.capacity().count());
}

TEST(BitFieldMap, CountsBanksThroughPseudoChannelsRanksAndGroups) {
  const DramStandard standard = shipped_standard("HBM2-2000-pc");
  const BitFieldMap map = map_of(standard, "bgi");
  BurstFields fields{};
  fields[static_cast<std::size_t>(PseudoChannel)] = 1;
  fields[static_cast<std::size_t>(BankGroup)] = 2;
  fields[static_cast<std::size_t>(Bank)] = 3;
  EXPECT_EQ(map.bank(fields), 16U + 2U * 4U + 3U);
}

TEST(BitFieldMap, AddressesAndFieldsAreInverse) {
  for (const char* const config : {"DDR3-1600", "DDR4-2400-2rank", "HBM2-2000-pc"}) {
    for (const char* const order :
         {"bgi", "lin", "column:row.3:channel:rank:bank:row:pseudo_channel:bank_group"}) {
      const BitFieldMap map = map_of(shipped_standard(config), order);
      for (std::int64_t index = 0; index < 1000; ++index) {
        const std::int64_t address = burst_of(RequestPattern::RandRd, map, index).address;
        EXPECT_EQ(map.address(map.fields(address)), address);
      }
    }
  }
}

}  // namespace
}  // namespace systole::testing
