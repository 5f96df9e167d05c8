#include "arch/isa/stream.h"

#include <limits>

#include <gtest/gtest.h>

#include "arch/diag/error.h"

namespace systole {
namespace {

Fold fold_of(std::int64_t first, const Shared<Window>& window) {
  return {.tile = 3, .rows = 4, .cols = 5, .window = window, .first = first, .count = 2};
}

TEST(Stream, GivesBackWhatItWasGiven) {
  const Instruction fold{.layer = 7,
                         .waits = {{.semaphore = 1, .count = 2}},
                         .signals = {{.semaphore = 4}, {.semaphore = 5}},
                         .operation = fold_of(1, Window{.channels = 9})};
  const Instruction loop{.layer = 8, .waits = {}, .signals = {}, .operation = RowLoop{.rows = 6}};
  const Stream stream{fold, loop};
  ASSERT_EQ(stream.size(), 2U);
  EXPECT_EQ(stream[0].whole(), fold);
  EXPECT_EQ(stream[1].whole(), loop);
  EXPECT_TRUE(stream[0].is<Fold>());
  EXPECT_EQ(stream[0].get<Fold>().window->channels, 9);
  EXPECT_EQ(stream[0].get_if<RowLoop>(), nullptr);
  EXPECT_EQ(stream[1].visit([](const auto& operation) {
    if constexpr (requires { operation.rows; }) {
      return std::int64_t{operation.rows};
    } else {
      return std::int64_t{0};
    }
  }),
            6);
}

TEST(Stream, HasNoOperationOfAnotherKind) {
  const Stream stream{{.operation = RowLoop{}}};
  EXPECT_THROW((void)stream[0].get<Fold>(), InternalError);
}

TEST(Stream, SignalsOnceMoreWithoutTouchingItsNeighbours) {
  const Instruction one{.signals = {{.semaphore = 2}}, .operation = Fold{}};
  Stream stream{one, one};
  stream.add_signal(0, {.semaphore = 6, .count = 3});
  EXPECT_EQ(stream[0].signals(), (SemaphoreUses{{.semaphore = 2}, {.semaphore = 6, .count = 3}}));
  EXPECT_EQ(stream[1].signals(), one.signals);
  EXPECT_TRUE(stream[1].waits().empty());
}

/// Equal as what they say, in whatever order their tables were filled.
TEST(Stream, EqualsAnotherWithTheSameInstructions) {
  const Instruction fold{.waits = {{.semaphore = 1}}, .operation = Fold{.rows = 3}};
  const Instruction other{.waits = {{.semaphore = 2}}, .operation = Fold{.rows = 4}};
  const Stream stream{fold, other};
  Stream same{other, other};
  EXPECT_NE(stream, same);
  same.set(0, fold);
  EXPECT_EQ(stream, same);
  same.add_signal(1, {.semaphore = 0});
  EXPECT_NE(stream, same);
  EXPECT_NE(stream, Stream{fold});
}

// --- how much memory ---

static_assert(Stream::bytes_of<Transfer>() < 100);
static_assert(Stream::bytes_of<LoadTile>() < 100);
static_assert(Stream::bytes_of<Fold>() < 100);
static_assert(Stream::bytes_of<RowLoop>() < 100);
static_assert(Stream::bytes_of<Fold>() == sizeof(Fold) + 8);

TEST(StreamMemory, IsWhatAnInstructionOfEachKindTakes) {
  constexpr std::int64_t kCount = 1000;
  Stream stream;
  const Shared<Window> window(Window{.channels = 3});
  for (std::int64_t index = 0; index < kCount; ++index) {
    stream.push_back({.operation = fold_of(index, window)});
  }
  const std::int64_t empty = Stream().bytes();
  EXPECT_EQ(stream.bytes() - empty, kCount * std::int64_t{Stream::bytes_of<Fold>()});
}

TEST(StreamMemory, HoldsListsOfSemaphoresOnce) {
  const Instruction fold{.waits = {{.semaphore = 1}, {.semaphore = 2}}, .operation = Fold{}};
  Stream one{fold};
  const std::int64_t bytes = one.bytes();
  one.push_back(fold);
  EXPECT_EQ(one.bytes() - bytes, std::int64_t{Stream::bytes_of<Fold>()});
}

/// Signals are added to an instruction long after it: what it was in common with others before
/// stays theirs.
TEST(StreamMemory, HoldsLayerAndListsOnceForAllThatHaveThemInCommon) {
  const Instruction fold{.layer = 3, .waits = {{.semaphore = 1}}, .operation = Fold{}};
  Stream stream{fold, fold, fold, fold};
  stream.add_signal(1, {.semaphore = 5});
  const std::int64_t bytes = stream.bytes();
  stream.add_signal(2, {.semaphore = 5});
  EXPECT_EQ(stream.bytes(), bytes);
  EXPECT_EQ(stream[1].signals(), (SemaphoreUses{{.semaphore = 5}}));
  EXPECT_EQ(stream[2].signals(), (SemaphoreUses{{.semaphore = 5}}));
  EXPECT_TRUE(stream[0].signals().empty());
  EXPECT_TRUE(stream[3].signals().empty());
  for (const StreamInstruction each : stream) {
    EXPECT_EQ(each.layer(), 3);
    EXPECT_EQ(each.waits(), (SemaphoreUses{{.semaphore = 1}}));
  }
}

/// A layer in 50 parts loads each of its tiles 50 times.
TEST(StreamMemory, HoldsTheLoadOfATileOnce) {
  Stream stream;
  const auto load = [&](std::int32_t tile, std::int64_t address) {
    stream.push_back({.operation = LoadTile{.tile = tile, .source = {.address = address}}});
  };
  load(0, 0);
  load(1, 64);
  const std::int64_t bytes = stream.bytes();
  for (int part = 1; part < 50; ++part) {
    load(0, 0);
    load(1, 64);
  }
  const std::int64_t entry = Stream::bytes_of<LoadTile>() - sizeof(LoadTile);
  EXPECT_EQ(stream.bytes() - bytes, 98 * entry);
  // From elsewhere it is another operation, whatever its tile.
  load(1, 128);
  EXPECT_EQ(stream[stream.size() - 1].get<LoadTile>().source.address, 128);
  EXPECT_EQ(stream[1].get<LoadTile>().source.address, 64);
}

TEST(StreamMemory, IsNotSpentOnTilesThatNoProgramHas) {
  Stream stream;
  for (const std::int32_t tile : {-1, std::numeric_limits<std::int32_t>::max()}) {
    stream.push_back({.operation = LoadTile{.tile = tile}});
    EXPECT_EQ(stream[stream.size() - 1].get<LoadTile>().tile, tile);
  }
  EXPECT_LT(stream.bytes(), 1000);
}

}  // namespace
}  // namespace systole
