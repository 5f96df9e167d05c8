#include "arch/counters.h"

#include <gtest/gtest.h>

namespace systole {
namespace {

/// Every count different, so that a sum that forgets or mixes one shows.
ActionCounters numbered(std::int64_t factor) {
  ActionCounters actions{.macs = 1 * factor,
                         .mac_slots = 2 * factor,
                         .folds = 3 * factor,
                         .weight_tiles = 4 * factor,
                         .weight_bytes = 5 * factor,
                         .buffer_reads = 6 * factor,
                         .buffer_writes = 7 * factor,
                         .accumulator_reads = 8 * factor,
                         .accumulator_writes = 9 * factor,
                         .vector_elements = 10 * factor,
                         .host_in_bytes = 11 * factor,
                         .host_out_bytes = 12 * factor};
  for (std::size_t kind = 0; kind < actions.macs_of_kind.size(); ++kind) {
    actions.macs_of_kind[kind] = (20 + static_cast<std::int64_t>(kind)) * factor;
  }
  return actions;
}

TEST(ActionCounters, AddEveryCount) {
  ActionCounters sum = numbered(1);
  sum.add(numbered(100));
  EXPECT_EQ(sum, numbered(101));
  // A count that is new to the struct must be added here, above and in `add`.
  EXPECT_EQ(sizeof(ActionCounters), (12 + kMacKindCount) * sizeof(std::int64_t));
}

}  // namespace
}  // namespace systole
