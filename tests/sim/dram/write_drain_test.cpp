#include "sim/dram/write_drain.h"

#include <gtest/gtest.h>

namespace systole::testing {
namespace {

using enum DramOperation;

TEST(WriteDrain, WatermarksArePerCentOfTheBuffer) {
  for (std::int64_t capacity = 1; capacity <= 40; ++capacity) {
    for (std::int64_t per_cent = 0; per_cent <= 100; per_cent += 5) {
      const DramControllerSpec spec{.drain_above = per_cent, .drain_below = per_cent};
      const WriteDrain drain(spec, static_cast<std::size_t>(capacity));
      for (std::int64_t writes = 0; writes <= capacity; ++writes) {
        const auto waiting = static_cast<std::size_t>(writes);
        const bool above = writes * 100 > per_cent * capacity || writes == capacity;
        const bool below = writes * 100 < per_cent * capacity || writes == 0;
        EXPECT_EQ(drain.next(Read, 1, waiting, false), above ? Write : Read);
        EXPECT_EQ(drain.next(Write, 1, waiting, false), below ? Read : Write);
      }
    }
  }
}

TEST(WriteDrain, AnEmptyBufferIsBelowEveryWatermark) {
  const WriteDrain drain({.drain_above = 80, .drain_below = 0}, 32);
  EXPECT_EQ(drain.next(Write, 1, 1, false), Write);
  EXPECT_EQ(drain.next(Write, 1, 0, false), Read);
}

TEST(WriteDrain, AFullBufferIsAboveEveryWatermark) {
  const WriteDrain drain({.drain_above = 100, .drain_below = 20}, 32);
  EXPECT_EQ(drain.next(Read, 1, 31, false), Read);
  EXPECT_EQ(drain.next(Read, 1, 32, false), Write);
}

TEST(WriteDrain, WritesAreServedWhenNoReadWaits) {
  const WriteDrain drain({}, 32);
  EXPECT_EQ(drain.next(Read, 0, 0, false), Write);
  EXPECT_EQ(drain.next(Write, 0, 0, false), Write);
}

TEST(WriteDrain, StarvingReadEndsIt) {
  const WriteDrain drain({}, 32);
  EXPECT_EQ(drain.next(Write, 1, 32, true), Read);
  EXPECT_EQ(drain.next(Read, 1, 32, true), Read);
}

}  // namespace
}  // namespace systole::testing
