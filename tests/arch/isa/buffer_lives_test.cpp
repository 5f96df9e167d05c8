#include "arch/isa/buffer_lives.h"

#include <algorithm>

#include <gmock/gmock.h>

namespace systole {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

/// Transfers and what they do to the buffer, in the order in which they are added.
struct Transfers {
  Program program;
  std::vector<InstructionRef> order;

  void add(EngineKind engine, bool to_buffer, std::int64_t address, std::int64_t bytes) {
    Stream& stream = program.stream(engine);
    order.push_back({.engine = engine, .index = stream.size()});
    stream.push_back(
        {.operation =
             Transfer{.to_buffer = to_buffer, .buffer = {.address = address}, .row_bytes = bytes}});
  }
  [[nodiscard]] std::vector<BufferLife> lives() const { return buffer_lives(program, order); }
};

BufferLife life(std::int64_t bytes, EngineKind engine, std::size_t index) {
  return {.bytes = bytes, .writer = {.engine = engine, .index = index}, .last_readers = {}};
}

BufferLife read_by(BufferLife life, EngineKind engine, std::size_t index) {
  life.last_readers.push_back({.engine = engine, .index = index});
  std::sort(life.last_readers.begin(), life.last_readers.end());
  return life;
}

TEST(BufferLives, NameTheLastReaderOfEachEngine) {
  Transfers transfers;
  transfers.add(EngineKind::DmaIn, true, 0, 8);
  transfers.add(EngineKind::DmaOut, false, 0, 8);
  transfers.add(EngineKind::Host, false, 0, 8);
  transfers.add(EngineKind::DmaOut, false, 0, 8);
  EXPECT_THAT(transfers.lives(),
              ElementsAre(read_by(read_by(life(8, EngineKind::DmaIn, 0), EngineKind::Host, 0),
                                  EngineKind::DmaOut, 1)));
}

TEST(BufferLives, DividesBytesThatDifferentInstructionsRead) {
  Transfers transfers;
  transfers.add(EngineKind::DmaIn, true, 0, 10);
  transfers.add(EngineKind::DmaOut, false, 0, 4);
  transfers.add(EngineKind::Host, false, 2, 4);
  EXPECT_THAT(
      transfers.lives(),
      UnorderedElementsAre(read_by(life(2, EngineKind::DmaIn, 0), EngineKind::DmaOut, 0),
                           read_by(read_by(life(2, EngineKind::DmaIn, 0), EngineKind::DmaOut, 0),
                                   EngineKind::Host, 0),
                           read_by(life(2, EngineKind::DmaIn, 0), EngineKind::Host, 0)));
}

TEST(BufferLives, EndWhenTheBytesAreWrittenAgain) {
  Transfers transfers;
  transfers.add(EngineKind::DmaIn, true, 0, 8);
  transfers.add(EngineKind::DmaOut, false, 0, 8);
  transfers.add(EngineKind::Host, true, 0, 3);
  transfers.add(EngineKind::DmaOut, false, 0, 8);
  EXPECT_THAT(transfers.lives(),
              UnorderedElementsAre(read_by(life(3, EngineKind::DmaIn, 0), EngineKind::DmaOut, 0),
                                   read_by(life(3, EngineKind::Host, 0), EngineKind::DmaOut, 1),
                                   read_by(life(5, EngineKind::DmaIn, 0), EngineKind::DmaOut, 1)));
}

}  // namespace
}  // namespace systole
