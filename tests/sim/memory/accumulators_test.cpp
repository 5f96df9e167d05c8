#include "sim/memory/accumulators.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "sim/memory/byte_memory.h"

namespace systole::testing {
namespace {

TEST(Accumulators, StoreReplacesOrAdds) {
  Accumulators accumulators(4, 3);
  accumulators.store(1, 2, std::vector<std::int32_t>{1, 2, 3, 4}, false);
  accumulators.store(2, 2, std::vector<std::int32_t>{10, 20}, true);
  EXPECT_THAT(accumulators.row(1, 2), ::testing::ElementsAre(1, 2));
  EXPECT_THAT(accumulators.row(2, 2), ::testing::ElementsAre(13, 24));
}

TEST(Accumulators, WrapAround) {
  Accumulators accumulators(1, 1);
  accumulators.store(0, 1, std::vector{std::numeric_limits<std::int32_t>::max()}, false);
  accumulators.store(0, 1, std::vector{1}, true);
  EXPECT_THAT(accumulators.row(0, 1),
              ::testing::ElementsAre(std::numeric_limits<std::int32_t>::min()));
}

TEST(Accumulators, DoNotStartAsZero) {
  EXPECT_THAT(Accumulators(1, 2).row(0, 2), ::testing::Each(0x55555555));
}

TEST(Accumulators, EntryThatDoesNotExistIsAnError) {
  Accumulators accumulators(4, 3);
  accumulators.store(2, 1, std::vector<std::int32_t>{1, 2}, false);
  try {
    accumulators.store(3, 1, std::vector<std::int32_t>{1, 2}, false);
    FAIL();
  } catch (const InternalError& error) {
    EXPECT_STREQ(error.what(), "accumulators 3..5 of 1 columns are outside 0..4 of 3 columns");
  }
  EXPECT_THROW(static_cast<void>(accumulators.row(4, 1)), InternalError);
  EXPECT_THROW(static_cast<void>(accumulators.row(0, 4)), InternalError);
}

TEST(ByteMemory, ChecksBothEnds) {
  std::vector<std::int8_t> bytes(10);
  const ByteMemory memory("buffer", bytes);
  EXPECT_EQ(memory.at(7, 3).data(), bytes.data() + 7);
  EXPECT_THROW(static_cast<void>(memory.at(8, 3)), InternalError);
  EXPECT_THROW(static_cast<void>(memory.at(-1, 3)), InternalError);
  EXPECT_THROW(static_cast<void>(memory.at(std::numeric_limits<std::int64_t>::max(), 3)),
               InternalError);
}

TEST(ByteMemory, ReadsLittleEndianValues) {
  const std::vector<std::int8_t> bytes{1, 0, 0, 0, -2, -1, -1, -1, 0, 1, 0, -128};
  EXPECT_EQ(int32_at(bytes, 0), 1);
  EXPECT_EQ(int32_at(bytes, 1), -2);
  EXPECT_EQ(int32_at(bytes, 2), std::numeric_limits<std::int32_t>::min() + 256);
}

}  // namespace
}  // namespace systole::testing
