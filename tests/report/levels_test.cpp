#include "report/levels.h"

#include <map>
#include <random>

#include <gmock/gmock.h>

namespace systole {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Level level(std::int64_t at, std::int64_t value) {
  return {.at = CoreCycles(at), .level = value};
}

LevelChange change(std::int64_t at, std::int64_t by) {
  return {.at = CoreCycles(at), .change = by};
}

TEST(Levels, AreTheSumOfChangesInOrderOfTime) {
  EXPECT_THAT(sum_of({change(5, 3), change(2, 1), change(9, -4)}),
              ElementsAre(level(2, 1), level(5, 4), level(9, 0)));
}

TEST(Levels, ChangesThatCancelOutWithinACycleLeaveNoEntry) {
  EXPECT_THAT(sum_of({change(2, 7), change(4, -7), change(4, 7), change(6, -7)}),
              ElementsAre(level(2, 7), level(6, 0)));
  EXPECT_THAT(sum_of({}), IsEmpty());
}

TEST(Peaks, AreTheLevelsThemselvesWhileThereAreCyclesEnough) {
  const Levels levels{level(2, 1), level(3, 4), level(9, 0)};
  EXPECT_EQ(peaks(levels, CoreCycles(10), 10), levels);
}

TEST(Peaks, ShowTheHighestLevelOfEachInterval) {
  // Intervals of ceil(12 / 3) = 4 cycles: 0..3 rises to 5 and is back at 1, 4..7 stays there, 8..11
  // falls to 0 behind its first cycle.
  const Levels levels{level(1, 5), level(2, 1), level(9, 0)};
  EXPECT_THAT(peaks(levels, CoreCycles(12), 3),
              ElementsAre(level(0, 5), level(4, 1), level(12, 0)));
}

TEST(Peaks, AnIntervalThatBeginsWithAChangeDoesNotKnowTheLevelBefore) {
  const Levels levels{level(0, 9), level(4, 2)};
  EXPECT_THAT(peaks(levels, CoreCycles(8), 2), ElementsAre(level(0, 9), level(4, 2)));
}

TEST(Peaks, EqualTheMaximumTakenCycleByCycle) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 2000; ++round) {
    const auto elapsed = static_cast<std::int64_t>(1 + random() % 60);
    const auto most = static_cast<std::int64_t>(1 + random() % 20);
    std::vector<LevelChange> changes;
    for (std::uint64_t i = random() % 12; i > 0; --i) {
      const auto at = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(elapsed));
      changes.push_back(change(at, static_cast<std::int64_t>(random() % 5)));
      changes.push_back(
          change(at + static_cast<std::int64_t>(random() % 9), -changes.back().change));
    }
    std::vector<std::int64_t> by_cycle(100, 0);
    for (const LevelChange& one : changes) {
      for (auto cycle = static_cast<std::size_t>(one.at.count()); cycle < 100; ++cycle) {
        by_cycle[cycle] += one.change;
      }
    }
    const Levels levels = sum_of(changes);
    const Levels actual = peaks(levels, CoreCycles(elapsed), most);
    const std::int64_t width = (elapsed + most - 1) / most;
    std::size_t next = 0;
    std::int64_t shown = 0;
    for (std::int64_t interval = 0; (interval + 1) * width <= 100; ++interval) {
      for (; next < actual.size() && actual[next].at.count() <= interval * width; ++next) {
        shown = actual[next].level;
      }
      const auto first = by_cycle.begin() + interval * width;
      ASSERT_EQ(shown, *std::max_element(first, first + width))
          << "round " << round << " interval " << interval;
    }
  }
}

}  // namespace
}  // namespace systole
