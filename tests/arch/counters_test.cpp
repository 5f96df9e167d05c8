#include "arch/counters.h"

#include <set>

#include <gtest/gtest.h>

#include "arch/counter_rows.h"

namespace systole {
namespace {

/// Every count different, so that a sum that forgets or mixes one shows.
ActionCounters numbered(std::int64_t factor) {
  ActionCounters actions{.macs = 1 * factor,
                         .mac_slots = 2 * factor,
                         .folds = 3 * factor,
                         .weight_tiles = 4 * factor,
                         .array_loads = 5 * factor,
                         .array_unloads = 6 * factor,
                         .weight_bytes = 7 * factor,
                         .weight_bytes_again = 8 * factor,
                         .weight_conversions = 16 * factor,
                         .buffer_reads = 9 * factor,
                         .buffer_writes = 10 * factor,
                         .accumulator_reads = 11 * factor,
                         .accumulator_writes = 12 * factor,
                         .vector_elements = 13 * factor,
                         .host_in_bytes = 14 * factor,
                         .host_out_bytes = 15 * factor};
  for (std::size_t kind = 0; kind < actions.macs_of_kind.size(); ++kind) {
    actions.macs_of_kind[kind] = (20 + static_cast<std::int64_t>(kind)) * factor;
  }
  return actions;
}

TEST(ActionCounters, AddEveryCount) {
  ActionCounters sum = numbered(1);
  sum.add(numbered(100));
  EXPECT_EQ(sum, numbered(101));
}

TEST(FigureRows, HaveKeysOfTheirOwnAndSayWhatTheyMean) {
  std::set<std::string_view> keys;
  int rows = 0;
  for_each_figure<ActionCounters>([&](const auto& row) {
    keys.insert(row.key);
    EXPECT_FALSE(row.meaning.empty()) << row.key;
    ++rows;
  });
  EXPECT_EQ(keys.size(), static_cast<std::size_t>(rows));
}

}  // namespace

struct Three {
  std::int64_t first = 0;
  std::int64_t second = 0;
  std::int64_t third = 0;
};

template <>
inline constexpr auto kFigureRows<Three> =
    std::tuple{figure("first", &Three::first, "", "1"), figure("third", &Three::third, "", "3")};

namespace {

TEST(FigureRows, ShowThatAFieldIsMissing) {
  static_assert(rows_are_complete<ActionCounters>());
  static_assert(!rows_are_complete<Three>());
}

}  // namespace
}  // namespace systole
