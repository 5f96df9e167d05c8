#include "sim/matrix/pe_kernels.h"

#include <bit>
#include <vector>

#include <gtest/gtest.h>

namespace systole::testing {
namespace {

constexpr std::uint32_t kYes = ~0U;
using Lanes = std::vector<std::uint32_t>;

std::uint32_t bits(float value) {
  return std::bit_cast<std::uint32_t>(value);
}

/// One multiply-add in the last of 17 lanes, so that whole vectors and remainders are both used.
std::uint32_t mac(SumMix mix, std::uint32_t sum, std::uint32_t left, std::uint32_t other,
                  bool is_float = false, bool adds = true, bool keeps = true) {
  constexpr std::size_t kLanes = 17;
  const auto lanes = [&](std::uint32_t value) { return Lanes(kLanes, value); };
  const Lanes lefts = lanes(left), others = lanes(other), ones = lanes(kYes), sums = lanes(sum);
  const Lanes keep = lanes(keeps ? kYes : 0), add = lanes(adds ? kYes : 0);
  const Lanes floats = lanes(is_float ? kYes : 0);
  Lanes out(kLanes);
  const MacRow row{.left = lefts.data(),
                   .other = others.data(),
                   .other_mask = ones.data(),
                   .keep = keep.data(),
                   .adds = add.data(),
                   .is_float = floats.data(),
                   .sum_in = sums.data(),
                   .sum_out = out.data()};
  EXPECT_EQ(step_row({.cols = kLanes, .mac = &row, .mix = mix}), RowHazard::None);
  EXPECT_EQ(out.front(), out.back());
  return out.back();
}

TEST(PeKernels, IntegersWrapAround) {
  EXPECT_EQ(mac(SumMix::Integers, 0xffffffffU, 2, 3), 5U);
  EXPECT_EQ(mac(SumMix::Integers, 1, 0x80000000U, 2), 1U);
}

TEST(PeKernels, FloatingProductsAreRoundedBeforeTheyAreAdded) {
  // (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24 rounds to 1 + 2^-11; less that, nothing is left. A fused
  // multiply-add would leave 2^-24.
  const float a = 1.0F + 1.0F / 4096;
  EXPECT_EQ(mac(SumMix::Floats, bits(-1.0F - 1.0F / 2048), bits(a), bits(a)), bits(0.0F));
}

TEST(PeKernels, SubnormalsAreKept) {
  const float least = std::bit_cast<float>(1U);
  EXPECT_EQ(mac(SumMix::Floats, 1U, bits(least), bits(1.0F)), 2U);
}

TEST(PeKernels, MixedRowsGiveEachLaneItsOwnArithmetic) {
  EXPECT_EQ(mac(SumMix::Both, 1, 2, 3, false), 7U);
  EXPECT_EQ(mac(SumMix::Both, bits(1.0F), bits(2.0F), bits(3.0F), true), bits(7.0F));
}

TEST(PeKernels, NothingIsAddedWhereNothingMultipliesAndNothingKeptWhereSumsAreCleared) {
  for (const SumMix mix : {SumMix::Integers, SumMix::Floats, SumMix::Both}) {
    const bool is_float = mix == SumMix::Floats;
    const std::uint32_t seven = is_float ? bits(7.0F) : 7;
    const std::uint32_t two = is_float ? bits(2.0F) : 2;
    const std::uint32_t four = is_float ? bits(4.0F) : 4;
    EXPECT_EQ(mac(mix, seven, two, two, is_float, false, true), seven);
    EXPECT_EQ(mac(mix, seven, two, two, is_float, false, false), 0U);
    EXPECT_EQ(mac(mix, seven, two, two, is_float, true, false), four);
  }
}

struct Shadow {
  Lanes shadow{5, 6};
  Lanes full{kYes, 0};
  Lanes active{1, 2};
};

TEST(PeKernels, TakingAShadowEmptiesIt) {
  Shadow pe;
  const Lanes takes{kYes, 0};
  const TakeRow row{takes.data(), pe.shadow.data(), pe.full.data(), pe.active.data()};
  EXPECT_EQ(step_row({.cols = 2, .take = &row}), RowHazard::None);
  EXPECT_EQ(pe.active, (Lanes{5, 2}));
  EXPECT_EQ(pe.full, (Lanes{0, 0}));
}

TEST(PeKernels, TakingAnEmptyShadowIsAHazard) {
  Shadow pe;
  const Lanes takes{0, kYes};
  const TakeRow row{takes.data(), pe.shadow.data(), pe.full.data(), pe.active.data()};
  EXPECT_EQ(step_row({.cols = 2, .take = &row}), RowHazard::NothingToTake);
}

TEST(PeKernels, APassingValueOfTheRowIsKept) {
  Shadow pe;
  const Lanes tags{3, 4}, values{7, 8};
  const KeepRow row{tags.data(), values.data(), 4, pe.shadow.data(), pe.full.data()};
  EXPECT_EQ(step_row({.cols = 2, .keep = &row}), RowHazard::None);
  EXPECT_EQ(pe.shadow, (Lanes{5, 8}));
  EXPECT_EQ(pe.full, (Lanes{kYes, kYes}));
}

TEST(PeKernels, KeepingAValueInAFullShadowIsAHazard) {
  Shadow pe;
  const Lanes tags{4, 0}, values{7, 8};
  const KeepRow row{tags.data(), values.data(), 4, pe.shadow.data(), pe.full.data()};
  EXPECT_EQ(step_row({.cols = 2, .keep = &row}), RowHazard::ShadowOverwrite);
}

/// A row of one output register.
struct Output {
  Lanes copies{0}, is_float{0}, sums{9}, above{8}, comes{0}, value{7}, held{0}, moving{0};

  RowHazard step() {
    const OutputRow row{copies.data(), is_float.data(), sums.data(), above.data(),
                        comes.data(),  value.data(),    held.data(), moving.data()};
    return step_row({.cols = 1, .output = &row});
  }
};

TEST(PeKernels, OutputRegistersCopyHoldAndMove) {
  Output copies{.copies = {kYes}, .moving = {kYes}};  // its own value leaves as it copies
  EXPECT_EQ(copies.step(), RowHazard::None);
  EXPECT_EQ(copies.value, Lanes{9});
  EXPECT_EQ(copies.held, Lanes{kYes});
  EXPECT_EQ(copies.moving, Lanes{0});
  Output holds{.held = {kYes}};
  EXPECT_EQ(holds.step(), RowHazard::None);
  EXPECT_EQ(holds.value, Lanes{7});
  Output moves{.comes = {kYes}};
  EXPECT_EQ(moves.step(), RowHazard::None);
  EXPECT_EQ(moves.value, Lanes{8});
  EXPECT_EQ(moves.moving, Lanes{kYes});
}

TEST(PeKernels, ALostOutputIsAHazard) {
  Output held{.copies = {kYes}, .held = {kYes}};
  EXPECT_EQ(held.step(), RowHazard::OutputLost);
  Output comes_into_held{.comes = {kYes}, .held = {kYes}};
  EXPECT_EQ(comes_into_held.step(), RowHazard::OutputLost);
  Output comes_into_copy{.copies = {kYes}, .comes = {kYes}};
  EXPECT_EQ(comes_into_copy.step(), RowHazard::OutputLost);
}

TEST(PeKernels, OnlyFloatingNansBecomeTheOneNan) {
  Output floating{.copies = {kYes}, .is_float = {kYes}, .sums = {0xff800001U}};
  EXPECT_EQ(floating.step(), RowHazard::None);
  EXPECT_EQ(floating.value, Lanes{0x7fc00000U});
  Output integer{.copies = {kYes}, .sums = {0xff800001U}};
  EXPECT_EQ(integer.step(), RowHazard::None);
  EXPECT_EQ(integer.value, Lanes{0xff800001U});
}

}  // namespace
}  // namespace systole::testing
