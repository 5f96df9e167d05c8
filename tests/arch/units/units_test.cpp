#include "arch/units/units.h"

#include <gtest/gtest.h>

#include "arch/units/wide.h"

namespace systole {
namespace {

static_assert(Addable<CoreCycles, CoreCycles>);
static_assert(!Addable<CoreCycles, DramCycles>);
static_assert(!Addable<CoreCycles, Bytes>);
static_assert(!Addable<Bytes, BytesPerSecond>);
static_assert(!Addable<Hertz, std::int64_t>);
static_assert(!std::is_convertible_v<std::int64_t, CoreCycles>);
static_assert(!std::is_convertible_v<CoreCycles, std::int64_t>);

TEST(Quantity, StartsAtZero) {
  EXPECT_EQ(Bytes().count(), 0);
}

TEST(Quantity, AddsAndSubtractsItsOwnKind) {
  Bytes size(10);
  size += Bytes(5);
  size -= Bytes(3);
  EXPECT_EQ(size, Bytes(10 + 5 - 3));
  EXPECT_EQ(size + Bytes(1), Bytes(13));
  EXPECT_EQ(size - Bytes(20), Bytes(-8));
}

TEST(Quantity, ScalesByPlainNumbersFromBothSides) {
  EXPECT_EQ(CoreCycles(7) * 3, CoreCycles(21));
  EXPECT_EQ(3 * CoreCycles(7), CoreCycles(21));
  EXPECT_EQ(CoreCycles(7) / 2, CoreCycles(3));
}

TEST(Quantity, RatioOfOneKindIsAPlainNumber) {
  static_assert(std::is_same_v<decltype(Bytes(1) / Bytes(1)), std::int64_t>);
  EXPECT_EQ(Bytes(7) / Bytes(2), 3);
}

TEST(Quantity, Orders) {
  EXPECT_LT(Bytes(1), Bytes(2));
  EXPECT_GE(Bytes(2), Bytes(2));
  EXPECT_NE(Bytes(1), Bytes(2));
}

TEST(CeilDiv, RoundsUpOnlyWithARemainder) {
  EXPECT_EQ(ceil_div(0, 4), 0);
  EXPECT_EQ(ceil_div(1, 4), 1);
  EXPECT_EQ(ceil_div(3, 4), 1);
  EXPECT_EQ(ceil_div(4, 4), 1);
  EXPECT_EQ(ceil_div(5, 4), 2);
}

TEST(RoundUp, GoesToTheNextMultiple) {
  EXPECT_EQ(round_up(0, 64), 0);
  EXPECT_EQ(round_up(63, 64), 64);
  EXPECT_EQ(round_up(64, 64), 64);
  EXPECT_EQ(round_up(65, 64), 128);
}

TEST(Wide, HoldsTheProductOfTwoCounts) {
  constexpr std::int64_t kLarge = std::int64_t{1} << 62;
  EXPECT_EQ(static_cast<std::int64_t>(static_cast<Wide>(kLarge) * kLarge / kLarge), kLarge);
}

}  // namespace
}  // namespace systole
