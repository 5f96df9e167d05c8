#include "compiler/schedule/interleave.h"

#include <functional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/compiler/mapping/round_chip.h"

namespace systole {
namespace {

using testing::round_chip;

constexpr std::int64_t kPlace = 100'000;  ///< bytes of a part

Transfer load_to(std::int64_t base, std::int64_t count) {
  return {.far = {.address = base, .tensor = 0}, .buffer = {.address = base}, .row_bytes = count};
}
/// Rows of 8 bytes, from `from` to `to`.
RowLoop copy_of(std::int64_t from, std::int64_t to, std::int64_t rows) {
  return {.rows = rows,
          .cols = 8,
          .operands = {{.address = from}},
          .out = {.address = to},
          .body = RowBody{.stages = {LoadStage{.operand = 0, .pitch = 8}}, .to = {.pitch = 8}}};
}
Fold fold_of(std::int32_t tile, std::int64_t base, std::int64_t accumulator, bool next_tile) {
  Window window{.source = {.address = base}};
  window.channels = window.image_pitch = window.row_pitch = window.pixel_pitch = 8;
  return {.next_tile = next_tile,
          .tile = tile,
          .rows = 8,
          .cols = 4,
          .window = window,
          .count = 1,
          .accumulator = accumulator};
}

/// Instructions of a part have its number as their layer.
std::vector<std::int32_t> parts_of(const Program& program, EngineKind engine) {
  std::vector<std::int32_t> parts;
  for (const StreamInstruction instruction : program.stream(engine)) {
    parts.push_back(instruction.layer());
  }
  return parts;
}

using Emit = std::function<void(ProgramBuilder& builder, std::int32_t part, std::int64_t place)>;

Program interleaved(std::int64_t parts, std::int64_t in_flight, const Emit& emit,
                    TensorId tile_of = kNoTensor) {
  Program header;
  header.tiles.assign(4, {.rows = 8, .cols = 4, .tensor = tile_of});
  ProgramBuilder builder(header);
  const auto program_of = [&](std::int64_t part, std::int64_t place) {
    ProgramBuilder aside = builder.aside();
    emit(aside, static_cast<std::int32_t>(part), place);
    return std::move(aside).finish();
  };
  append_interleaved(round_chip(), parts, in_flight, program_of, builder);
  return std::move(builder).finish();
}

/// A load, the vector unit's work on it, and the next load in the same place.
void two_loads(ProgramBuilder& builder, std::int32_t part, std::int64_t place) {
  const std::int64_t base = place * kPlace;
  builder.append(EngineKind::DmaIn, part, load_to(base, 800));
  builder.append(EngineKind::Vector, part, copy_of(base, base + 1000, 100));
  builder.append(EngineKind::DmaIn, part, load_to(base, 800));
}

TEST(Interleave, WhileAPartWaitsAnotherHasTheEngine) {
  EXPECT_EQ(parts_of(interleaved(2, 2, two_loads), EngineKind::DmaIn),
            (std::vector<std::int32_t>{0, 1, 0, 1}));
  EXPECT_EQ(parts_of(interleaved(2, 1, two_loads), EngineKind::DmaIn),
            (std::vector<std::int32_t>{0, 0, 1, 1}));
}

/// The second load of each part waits for the vector unit, no first one for anybody.
TEST(Interleave, OrdersEachPartAsItWouldRunAlone) {
  const Program program = interleaved(2, 2, two_loads);
  std::vector<std::size_t> waits;
  for (const StreamInstruction load : program.stream(EngineKind::DmaIn)) {
    waits.push_back(load.waits().size());
  }
  EXPECT_EQ(waits, (std::vector<std::size_t>{0, 0, 1, 1}));
  EXPECT_EQ(program.stream(EngineKind::Vector).size(), 2U);
}

/// Part 0 waits for 20,000 bytes of DRAM, part 1 for 20 of the host: part 2 takes place 1.
TEST(Interleave, APartBeginsInThePlaceOfOneThatHasEnded) {
  std::vector<std::int64_t> places(3);
  static_cast<void>(
      interleaved(3, 2, [&](ProgramBuilder& builder, std::int32_t part, std::int64_t place) {
        places[static_cast<std::size_t>(part)] = place;
        const std::int64_t base = place * kPlace;
        builder.append(part == 0 ? EngineKind::DmaIn : EngineKind::Host, part,
                       load_to(base, part == 0 ? 20'000 : 20));
        builder.append(EngineKind::Vector, part, copy_of(base, base + 50'000, 10));
      }));
  EXPECT_EQ(places, (std::vector<std::int64_t>{0, 1, 1}));
}

/// A fold, and another with the same tile that waits 1,000 cycles and more for the vector unit.
void two_folds(ProgramBuilder& builder, std::int32_t part, std::int64_t place) {
  const std::int64_t base = place * kPlace;
  builder.append(EngineKind::Weights, part, LoadTile{.tile = part, .rows = 8, .cols = 4});
  builder.append(EngineKind::Matrix, part, fold_of(part, base, 32 * place, true));
  builder.append(EngineKind::Vector, part, copy_of(base + 20'000, base + 40'000, 500));
  builder.append(EngineKind::Matrix, part, fold_of(part, base + 40'000, 32 * place + 1, false));
}

std::vector<bool> taken_tiles(const Program& program) {
  std::vector<bool> taken;
  for (const StreamInstruction instruction : program.stream(EngineKind::Matrix)) {
    taken.push_back(instruction.get<Fold>().next_tile);
  }
  return taken;
}

/// A load of 8 cycles is worth that: whoever goes on loads its tile again.
TEST(Interleave, ATurnInTheMiddleOfATileLoadsItOnceMore) {
  const Program program = interleaved(2, 2, two_folds);
  EXPECT_EQ(parts_of(program, EngineKind::Matrix), (std::vector<std::int32_t>{0, 1, 0, 1}));
  EXPECT_EQ(parts_of(program, EngineKind::Weights), (std::vector<std::int32_t>{0, 1, 0, 1}));
  EXPECT_EQ(taken_tiles(program), (std::vector<bool>{true, true, true, true}));
}

/// Where an activation's part was may be something else by then.
TEST(Interleave, APartOfAnActivationIsNotLoadedAgain) {
  const Program program = interleaved(2, 2, two_folds, 0);
  EXPECT_EQ(parts_of(program, EngineKind::Matrix), (std::vector<std::int32_t>{0, 0, 1, 1}));
  EXPECT_EQ(taken_tiles(program), (std::vector<bool>{true, false, true, false}));
}

/// Sums that stay in the PEs are nobody else's to drain.
TEST(Interleave, NobodyHasATurnWhileSumsStayInTheArray) {
  const Program program =
      interleaved(2, 2, [](ProgramBuilder& builder, std::int32_t part, std::int64_t place) {
        const std::int64_t base = place * kPlace;
        Fold first = fold_of(part, base, 32 * place, true);
        first.drain = false;
        builder.append(EngineKind::Weights, part, LoadTile{.tile = part, .rows = 8, .cols = 4});
        builder.append(EngineKind::Matrix, part, first);
        builder.append(EngineKind::Vector, part, copy_of(base + 20'000, base + 40'000, 500));
        builder.append(EngineKind::Weights, part, LoadTile{.tile = part, .rows = 8, .cols = 4});
        builder.append(EngineKind::Matrix, part, fold_of(part, base + 40'000, 32 * place, true));
      });
  EXPECT_EQ(parts_of(program, EngineKind::Matrix), (std::vector<std::int32_t>{0, 0, 1, 1}));
}

/// 800 bytes at 8 a cycle behind issue and latency, the vector unit's 5 + 100 rows of two steps for
/// 8 columns on 4 lanes, and the second load.
TEST(ProgramTime, IsThatOfItsInstructionsOneBehindWhatItWaitsFor) {
  ChipSpec chip = round_chip();
  chip.vector.pace[static_cast<std::size_t>(VectorClass::Elementwise)] = CoreCycles(1);
  ProgramBuilder builder(Program{});
  two_loads(builder, 0, 0);
  const std::int64_t load = 3 + 9 + 800 / 8;
  EXPECT_EQ(program_time(chip, std::move(builder).finish()),
            CoreCycles(load + (5 + 100 * 2) + load));
}

}  // namespace
}  // namespace systole
