#include "compiler/schedule/access_history.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "compiler/schedule/accesses.h"

namespace systole {
namespace {

using Regions = std::vector<Region>;

Region bytes(std::int64_t base, std::int64_t count) {
  return {.base = base, .rows = 1, .row_bytes = count, .pitch = count};
}

TEST(RegionLists, NumbersAnEqualListOnce) {
  RegionLists lists(1);
  EXPECT_EQ(lists.number_of({}), 0U);
  const std::uint32_t one = lists.number_of({bytes(0, 8), bytes(64, 8)});
  const std::uint32_t other = lists.number_of({bytes(0, 8)});
  EXPECT_NE(one, other);
  EXPECT_EQ(lists.number_of({bytes(0, 8), bytes(64, 8)}), one);
  ASSERT_EQ(lists[one].size(), 2U);
  EXPECT_EQ(lists[one][1].region(), bytes(64, 8));
  EXPECT_TRUE(lists[0].empty());
}

TEST(RegionLists, RemembersSearchesByRoleAndHistory) {
  using Role = RegionLists::Role;
  RegionLists lists(2);
  const std::uint32_t list = lists.number_of({bytes(0, 8)});
  *lists.searched(list, Role::Read, 1) = 7;
  EXPECT_EQ(*lists.searched(list, Role::Read, 1), 7U);
  EXPECT_EQ(*lists.searched(list, Role::Read, 0), 0U);
  EXPECT_EQ(*lists.searched(list, Role::Written, 1), 0U);
  EXPECT_EQ(lists.searched(0, Role::Read, 0), nullptr);
}

/// Lists whose hashes meet take one another's place; what was searched for one says nothing of the
/// other, nor of itself when it comes again.
TEST(RegionLists, ForgetsSearchesForAListThatLostItsPlace) {
  using Role = RegionLists::Role;
  RegionLists lists(1);
  constexpr std::int64_t kMany = 5000;
  std::vector<std::uint32_t> numbers;
  for (std::int64_t base = 0; base < kMany; ++base) {
    numbers.push_back(lists.number_of({bytes(base, 1)}));
    *lists.searched(numbers.back(), Role::Read, 0) = 9;
  }
  const auto lost = std::count_if(numbers.begin(), numbers.end(), [&](std::uint32_t number) {
    return lists.searched(number, Role::Read, 0) == nullptr;
  });
  EXPECT_GE(lost, kMany - 1024);
  for (std::int64_t base = 0; base < kMany; ++base) {
    const std::uint32_t again = lists.number_of({bytes(base, 1)});
    const bool kept = again == numbers[static_cast<std::size_t>(base)];
    ASSERT_EQ(*lists.searched(again, Role::Read, 0), kept ? 9U : 0U) << base;
  }
}

/// Blocks of all levels, lists that repeat, memories apart: against a look at every entry.
TEST(AccessHistory, FindsTheLatestEntryThatConflicts) {
  std::mt19937_64 random(5);
  const auto below = [&](std::uint64_t limit) {
    return static_cast<std::int64_t>(random() % limit);
  };
  const auto some = [&] {
    Regions regions;
    for (std::int64_t left = below(3); left > 0; --left) {
      regions.push_back({.memory = below(4) == 0 ? Memory::Accumulators : Memory::Buffer,
                         .base = below(60) * 100,
                         .rows = 1 + below(3),
                         .row_bytes = 1 + below(10),
                         .pitch = 20});
    }
    return regions;
  };
  AccessHistory history(1);
  std::vector<Accesses> entries;
  for (std::uint32_t index = 0; index < 3000; ++index) {
    entries.push_back({.reads = some(), .writes = some()});
    const Accesses& added = entries.back();
    history.add({.index = 2 * index,
                 .reads = history.lists().number_of(added.reads),
                 .writes = history.lists().number_of(added.writes)},
                Touched(added.reads), Touched(added.writes));
  }
  ASSERT_EQ(history.size(), entries.size());
  EXPECT_EQ(history.index_of(21), 42U);
  const auto meet = [](const Regions& some_regions, const Regions& others) {
    return std::any_of(some_regions.begin(), some_regions.end(), [&](const Region& one) {
      return std::any_of(others.begin(), others.end(),
                         [&](const Region& other) { return overlap(one, other); });
    });
  };
  const auto latest = [&](std::size_t first, const auto& conflicts) -> std::optional<std::size_t> {
    for (std::size_t entry = entries.size(); entry-- > first;) {
      if (conflicts(entries[entry])) {
        return entry;
      }
    }
    return std::nullopt;
  };
  int found = 0;
  for (int round = 0; round < 2000; ++round) {
    const Regions asked = some();
    const auto first = static_cast<std::size_t>(below(3001));
    const auto writer = latest(first, [&](const Accesses& of) { return meet(of.writes, asked); });
    const auto user = latest(
        first, [&](const Accesses& of) { return meet(of.reads, asked) || meet(of.writes, asked); });
    ASSERT_EQ(history.latest_writer(first, Touched(asked)), writer) << round;
    ASSERT_EQ(history.latest_user(first, Touched(asked)), user) << round;
    found += user ? 1 : 0;
  }
  EXPECT_GT(found, 1000);
}

}  // namespace
}  // namespace systole
