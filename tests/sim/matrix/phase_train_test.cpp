#include "sim/matrix/phase_train.h"

#include <optional>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "tests/sim/support/random_fold.h"

namespace systole::testing {
namespace {

struct OwnedPhase {
  Phase phase;
  std::vector<std::uint32_t> left;
};

OwnedPhase random_phase(Random& random, std::size_t rows) {
  OwnedPhase made;
  made.phase.flags = {.last = random.one_in(2),
                      .takes_shadow = random.one_in(4),
                      .clears = random.one_in(2),
                      .drains = random.one_in(2),
                      .multiplies = !random.one_in(4)};
  made.phase.sums = random.one_in(3) ? SumKind::Fp32 : SumKind::Int32;
  made.phase.left_slice = static_cast<OperandSlice>(random.in(0, 2));
  made.phase.other_slice = static_cast<OperandSlice>(random.in(0, 2));
  for (std::size_t r = 0; r < rows; ++r) {
    made.left.push_back(static_cast<std::uint32_t>(random.in(0, 0xffffffff)));
  }
  return made;
}

std::uint32_t mask(bool value) {
  return value ? ~0U : 0U;
}

/// The bits of a 16-bit slice: the low byte, or all above it.
std::uint32_t bits(OperandSlice slice) {
  constexpr std::uint32_t kLow = 0xff;
  return slice == OperandSlice::Whole ? ~0U : slice == OperandSlice::Low ? kLow : ~kLow;
}

class PhaseTrainOf : public ::testing::TestWithParam<std::tuple<std::size_t, std::size_t>> {
 protected:
  /// The phase of that age, if there is one and it is no bubble.
  [[nodiscard]] const OwnedPhase* of_age(std::size_t age) const {
    const bool entered = age < phases_.size();
    const auto& found = entered ? phases_[phases_.size() - 1 - age] : kBubble;
    return found ? &*found : nullptr;
  }

  void expect_operands(const PhaseTrain& train, std::size_t rows, std::size_t cols) const {
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < cols; ++c) {
        const OwnedPhase* seen = of_age(r + c);
        const bool multiplies = seen != nullptr && seen->phase.flags.multiplies;
        const std::uint32_t expected =
            multiplies ? seen->left[r] & bits(seen->phase.left_slice) : 0;
        ASSERT_EQ(train.left(r)[c], expected) << "PE " << r << ", " << c;
      }
    }
  }

  void expect_flags(const PhaseTrain& train, std::size_t ages) const {
    bool floats = false;
    bool integers = false;
    for (std::size_t age = 0; age < ages; ++age) {
      const OwnedPhase* seen = of_age(age);
      const PhaseFlags flags =
          seen == nullptr ? PhaseFlags{.multiplies = false} : seen->phase.flags;
      const bool is_float = seen != nullptr && seen->phase.sums == SumKind::Fp32;
      ASSERT_EQ(*train.takes(age), mask(flags.takes_shadow)) << age;
      ASSERT_EQ(*train.keep(age), mask(!flags.clears)) << age;
      ASSERT_EQ(*train.adds(age), mask(flags.multiplies)) << age;
      ASSERT_EQ(*train.is_float(age), mask(is_float)) << age;
      ASSERT_EQ(*train.ends(age), mask(flags.last)) << age;
      ASSERT_EQ(*train.drains(age), mask(flags.last && flags.drains)) << age;
      ASSERT_EQ(*train.other_mask(age), seen == nullptr ? 0 : bits(seen->phase.other_slice));
      ASSERT_EQ(train.has_take(age, age), flags.takes_shadow) << age;
      floats = floats || (flags.multiplies && is_float);
      integers = integers || (flags.multiplies && !is_float);
    }
    ASSERT_EQ(train.has_floats(), floats);
    ASSERT_EQ(train.has_integers(), integers);
  }

  static inline const std::optional<OwnedPhase> kBubble{};
  std::vector<std::optional<OwnedPhase>> phases_;  // by cycle
};

/// PE (r, c) sees what entered r + c cycles ago, bubbles too, for as long as the array is wide and
/// high; several times around the memory that the registers move over.
TEST_P(PhaseTrainOf, APhaseIsOfAgeZeroWhenItEnters) {
  const auto [rows, cols] = GetParam();
  Random random(3);
  PhaseTrain train(rows, cols);
  for (int cycle = 0; cycle < 100; ++cycle) {
    const bool bubble = random.one_in(3);
    phases_.push_back(bubble ? kBubble : std::optional(random_phase(random, rows)));
    if (phases_.back()) {
      phases_.back()->phase.left = phases_.back()->left;
    }
    train.step(phases_.back() ? &phases_.back()->phase : nullptr);
    expect_operands(train, rows, cols);
    expect_flags(train, rows + cols + 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Arrays, PhaseTrainOf,
                         ::testing::Values(std::tuple{1U, 1U}, std::tuple{1U, 6U},
                                           std::tuple{5U, 1U}, std::tuple{4U, 3U}));

TEST(PhaseTrain, FindsATakeAnywhereInARange) {
  PhaseTrain train(2, 2);  // ages 0..4
  const std::vector<std::uint32_t> left(2, 1);
  const Phase takes{.flags = {.takes_shadow = true}, .left = left};
  train.step(&takes);
  train.step(nullptr);
  train.step(nullptr);  // the phase is of age 2
  EXPECT_TRUE(train.has_take(0, 2));
  EXPECT_TRUE(train.has_take(2, 4));
  EXPECT_FALSE(train.has_take(0, 1));
  EXPECT_FALSE(train.has_take(3, 4));
  train.step(nullptr);
  train.step(nullptr);
  EXPECT_TRUE(train.has_take(0, 4));
  train.step(nullptr);
  EXPECT_FALSE(train.has_take(0, 5));
}

}  // namespace
}  // namespace systole::testing
