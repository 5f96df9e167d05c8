#include "sim/core/core_context.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "tests/sim/support/small_chip.h"

namespace systole::testing {
namespace {

std::string failure_of(const ByteMemory& memory, std::int64_t address, std::int64_t size) {
  try {
    (void)memory.at(address, size);
  } catch (const InternalError& error) {
    return error.what();
  }
  return "no error";
}

/// A byte that nobody has written is not taken for a zero.
TEST(CoreMemories, BeginFullOfPoison) {
  std::vector<std::int8_t> host{1, 2, 3};
  const CoreMemories memories(small_chip(), {.host = &host});
  ASSERT_EQ(memories.buffer_bytes.size(), 4096U);
  EXPECT_EQ(std::count(memories.buffer_bytes.begin(), memories.buffer_bytes.end(), 0x55), 4096);
}

TEST(CoreMemories, LieOverTheBytesOfTheRun) {
  std::vector<std::int8_t> host{1, 2, 3};
  CoreMemories memories(small_chip(), {.host = &host});
  memories.host.at(1, 1)[0] = 9;
  EXPECT_EQ(host[1], 9);
  memories.buffer.at(4095, 1)[0] = 7;
  EXPECT_EQ(memories.buffer_bytes.back(), 7);
}

TEST(CoreMemories, NameTheMemoryThatIsTooSmall) {
  std::vector<std::int8_t> host{1, 2, 3};
  const CoreMemories memories(small_chip(), {.host = &host});
  EXPECT_EQ(failure_of(memories.buffer, 4090, 7),
            "unified buffer address 4090 of 7 bytes is outside 0..4096");
  EXPECT_EQ(failure_of(memories.host, 3, 1), "host memory address 3 of 1 bytes is outside 0..3");
}

}  // namespace
}  // namespace systole::testing
