#include "arch/isa/buffer_bytes.h"

#include <gmock/gmock.h>

#include "arch/isa/recipes.h"
#include "tests/oracle/touched_bytes.h"

namespace systole {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

BufferBytes bytes_of_operation(const Operation& operation) {
  BufferBytes bytes;
  find_buffer_bytes(operation, bytes);
  return bytes;
}

std::vector<ByteRun> runs_of(const std::set<std::int64_t>& addresses) {
  std::vector<ByteRun> runs;
  for (const std::int64_t address : addresses) {
    if (runs.empty() || runs.back().end != address) {
      runs.push_back({.begin = address, .end = address});
    }
    ++runs.back().end;
  }
  return runs;
}

TEST(BufferBytes, OfATransferAreItsRows) {
  const Transfer in{
      .to_buffer = true, .rows = 2, .buffer = {.address = 10}, .buffer_pitch = 8, .row_bytes = 5};
  EXPECT_THAT(bytes_of_operation(in).writes, ElementsAre(ByteRun{10, 15}, ByteRun{18, 23}));
  EXPECT_THAT(bytes_of_operation(in).reads, IsEmpty());
  Transfer out = in;
  out.to_buffer = false;
  EXPECT_EQ(bytes_of_operation(out).reads, bytes_of_operation(in).writes);
  EXPECT_THAT(bytes_of_operation(out).writes, IsEmpty());
}

TEST(BufferBytes, OfRowsWithoutGapsAreOneRun) {
  const Transfer in{.rows = 3, .buffer = {.address = 10}, .buffer_pitch = 5, .row_bytes = 5};
  EXPECT_THAT(bytes_of_operation(in).writes, ElementsAre(ByteRun{10, 25}));
}

TEST(BufferBytes, OfAStridedWindowLeaveOutWhatIsSkipped) {
  // A row of 5 pixels of 2 channels from 100 on; every second pixel is an output.
  Fold fold{.rows = 2, .count = 3};
  fold.window.edit().source.address = 100;
  fold.window.edit().channels = 2;
  fold.window.edit().pixel_pitch = 2;
  fold.window.edit().in_cols = 5;
  fold.window.edit().out_cols = 3;
  fold.window.edit().stride_cols = 2;
  EXPECT_THAT(bytes_of_operation(fold).reads,
              ElementsAre(ByteRun{100, 102}, ByteRun{104, 106}, ByteRun{108, 110}));
}

TEST(BufferBytes, OfARequantizeAreBiasTableAndResult) {
  Requantize requantize{.rows = 2, .cols = 3, .bias = Operand{.address = 0}};
  requantize.to = {.out = {.address = 600}, .pitch = 4};
  EXPECT_THAT(bytes_of_operation(requantize).reads, ElementsAre(ByteRun{0, 12}));
  EXPECT_THAT(bytes_of_operation(requantize).writes,
              ElementsAre(ByteRun{600, 603}, ByteRun{604, 607}));
  requantize.lookup = {.address = 100, .tensor = 1};
  EXPECT_THAT(bytes_of_operation(requantize).reads, ElementsAre(ByteRun{0, 12}, ByteRun{100, 356}));
}

TEST(BufferBytes, EqualWhatEachElementTouches) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const Operation operation = random_operation(random);
    const TouchedBytes expected = touched_bytes(operation);
    const BufferBytes actual = bytes_of_operation(operation);
    ASSERT_EQ(actual.reads, runs_of(expected.read)) << "operation " << i;
    ASSERT_EQ(actual.writes, runs_of(expected.written)) << "operation " << i;
  }
}

}  // namespace
}  // namespace systole
