#include "compiler/schedule/accesses.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "tests/oracle/touched_bytes.h"
#include "tests/support/row_loops.h"

namespace systole {
namespace {

using Regions = std::vector<Region>;

Accesses accesses_of(const Operation& operation, EngineKind engine) {
  Accesses accesses{.reads = {{.base = 1}}, .writes = {{.base = 1}}};  // of an earlier one
  find_accesses(operation, engine, accesses);
  return accesses;
}

TEST(Accesses, OfATransferAreBothSidesEachWithItsPitch) {
  const Transfer in{.to_buffer = true,
                    .rows = 3,
                    .far = {.address = 100, .tensor = 0},
                    .far_pitch = 20,
                    .buffer = {.address = 40, .tensor = 0},
                    .buffer_pitch = 16,
                    .row_bytes = 10};
  const Region far{.memory = Memory::Dram, .base = 100, .rows = 3, .row_bytes = 10, .pitch = 20};
  const Region near{.memory = Memory::Buffer, .base = 40, .rows = 3, .row_bytes = 10, .pitch = 16};
  const Accesses of_in = accesses_of(in, EngineKind::DmaIn);
  EXPECT_EQ(of_in.reads, Regions{far});
  EXPECT_EQ(of_in.writes, Regions{near});
  Transfer out = in;
  out.to_buffer = false;
  const Accesses of_out = accesses_of(out, EngineKind::Host);
  Region host = far;
  host.memory = Memory::Host;
  EXPECT_EQ(of_out.reads, Regions{near});
  EXPECT_EQ(of_out.writes, Regions{host});
}

/// Nobody writes weights, so nobody need wait for them; a tensor's tile is like any operand.
TEST(Accesses, OfALoadAreOfTensorsAlone) {
  LoadTile load{.source = {.address = 64}, .rows = 4, .cols = 8};
  EXPECT_EQ(accesses_of(load, EngineKind::Weights).reads, Regions{});
  load.source.tensor = 0;
  load.pitch = 32;
  load.transposed = true;
  load.type = DataType::Bf16;
  Region runs{.memory = Memory::Dram, .base = 64, .rows = 8, .row_bytes = 4 * 2, .pitch = 32};
  EXPECT_EQ(accesses_of(load, EngineKind::Weights).reads, Regions{runs});
  load.from = TileSource::Buffer;
  runs.memory = Memory::Buffer;
  EXPECT_EQ(accesses_of(load, EngineKind::Weights).reads, Regions{runs});
}

/// Sums are read where they are added to, written where they leave the array.
TEST(Accesses, OfAFoldAreItsWindowAndItsSums) {
  Window window{.source = {.address = 10, .tensor = 0}};
  window.channels = 8;
  window.image_pitch = window.row_pitch = window.pixel_pitch = 8;
  Fold fold{.rows = 4, .window = window, .k_first = 2, .first = 1, .count = 5, .accumulator = 7};
  // Positions 1..5 are images of one pixel: bytes 2..5 of each.
  const Region input{.base = 10 + 8 + 2, .rows = 5, .row_bytes = 4, .pitch = 8};
  const Region sums{
      .memory = Memory::Accumulators, .base = 7, .rows = 1, .row_bytes = 5, .pitch = 5};
  const Accesses fresh = accesses_of(fold, EngineKind::Matrix);
  EXPECT_EQ(fresh.reads, Regions{input});
  EXPECT_EQ(fresh.writes, Regions{sums});
  fold.accumulate = true;
  EXPECT_EQ(accesses_of(fold, EngineKind::Matrix).reads, (Regions{input, sums}));
  fold.accumulate = false;
  fold.drain = false;
  const Accesses held = accesses_of(fold, EngineKind::Matrix);
  EXPECT_EQ(held.reads, Regions{input});
  EXPECT_EQ(held.writes, Regions{});
}

/// Three stages read the same rows, one of them the sums.
TEST(Accesses, OfARowLoopHoldEachRegionOnce) {
  RowBody body{.stages = {LoadStage{.operand = 0, .pitch = 16}, SumsStage{.bias = 1},
                          LoadStage{.operand = 0, .pitch = 16}},
               .to = {.pitch = 12}};
  const RowLoop loop{.rows = 3,
                     .cols = 10,
                     .accumulator = 4,
                     .operands = {{.address = 100, .tensor = 0}, {.address = 300, .tensor = 1}},
                     .out = {.address = 200, .tensor = 2},
                     .body = body};
  const Accesses accesses = accesses_of(loop, EngineKind::Vector);
  EXPECT_EQ(
      accesses.reads,
      (Regions{
          {.base = 100, .rows = 3, .row_bytes = 10, .pitch = 16},
          {.base = 300, .rows = 1, .row_bytes = 4 * 10, .pitch = 0},
          {.memory = Memory::Accumulators, .base = 4, .rows = 1, .row_bytes = 3, .pitch = 3}}));
  EXPECT_EQ(accesses.writes, (Regions{{.base = 200, .rows = 3, .row_bytes = 10, .pitch = 12}}));
}

bool holds(const Regions& regions, std::int64_t address) {
  return std::any_of(regions.begin(), regions.end(), [&](const Region& region) {
    const Region byte{.base = address, .rows = 1, .row_bytes = 1, .pitch = 1};
    return overlap(region, byte);
  });
}

/// The whole input is in the buffer: a program that reads rows before the first would be wrong.
struct HasAllRows {
  void operator()(Transfer& /*transfer*/) const {}
  void operator()(LoadTile& /*load*/) const {}
  void operator()(Fold& fold) const { fold.window.edit().first_in_row = 0; }
  void operator()(RowLoop& loop) const {
    (void)testing::change_stage<WindowStage>(
        loop, [](WindowStage& walk) { walk.window.first_in_row = 0; });
  }
};

TEST(Accesses, HoldEveryByteThatAnOperationTouches) {
  std::mt19937_64 random(20);
  for (int round = 0; round < 3000; ++round) {
    Operation operation = random_operation(random);
    std::visit(HasAllRows(), operation);
    const Accesses accesses = accesses_of(operation, EngineKind::Host);
    const TouchedBytes touched = touched_bytes(operation);
    for (const std::int64_t address : touched.read) {
      ASSERT_TRUE(holds(accesses.reads, address)) << "round " << round << ", byte " << address;
    }
    for (const std::int64_t address : touched.written) {
      ASSERT_TRUE(holds(accesses.writes, address)) << "round " << round << ", byte " << address;
    }
  }
}

/// Every byte that the window reads, by the definition in arch/isa/instruction.h.
bool reads_inside(const Window& window, std::int64_t position, const Region& region) {
  const std::int64_t image = position / (window.out_rows * window.out_cols);
  const std::int64_t out_row = window.first_out_row + position / window.out_cols % window.out_rows;
  const std::int64_t out_col = position % window.out_cols;
  for (std::int64_t ky = 0; ky < window.kernel_rows; ++ky) {
    for (std::int64_t kx = 0; kx < window.kernel_cols; ++kx) {
      const std::int64_t row =
          out_row * window.stride_rows - window.pad_top + ky * window.dilation_rows;
      const std::int64_t col =
          out_col * window.stride_cols - window.pad_left + kx * window.dilation_cols;
      if (row < 0 || row >= window.in_rows || col < 0 || col >= window.in_cols) {
        continue;
      }
      const std::int64_t address = window.source.address + image * window.image_pitch +
                                   (row - window.first_in_row) * window.row_pitch +
                                   col * window.pixel_pitch;
      const std::int64_t pixel = (address - region.base) / region.pitch;
      if (address < region.base || pixel >= region.rows) {
        return false;
      }
    }
  }
  return true;
}

TEST(WindowRegion, HoldsEveryPixelThatAnyPositionReads) {
  // Rows of output: (7 + 3 - 2 * 2 - 1) / 2 + 1 = 3, padding 1 above and 2 below; columns: 5 + 1 -
  // 1 = 5, padding 1 on the left.
  const Window window{.source = {.address = 1000},
                      .image_pitch = 7 * 5 * 4,
                      .row_pitch = 5 * 4,
                      .pixel_pitch = 4,
                      .in_rows = 7,
                      .in_cols = 5,
                      .channels = 4,
                      .kernel_rows = 3,
                      .kernel_cols = 2,
                      .stride_rows = 2,
                      .dilation_rows = 2,
                      .pad_top = 1,
                      .pad_left = 1,
                      .out_rows = 3,
                      .out_cols = 5};
  const std::int64_t positions = 3 * 3 * 5;
  for (std::int64_t first = 0; first < positions; ++first) {
    for (std::int64_t count = 1; first + count <= positions; ++count) {
      const WindowPart part{.window = &window,
                            .first = first,
                            .count = count,
                            .depth = 3 * 2 * 4,
                            .type = DataType::Int8};
      const Region region = region_of(part, window.source);
      EXPECT_GE(region.base, 1000);
      EXPECT_LE(region.base + region.rows * region.pitch, 1000 + 3 * 7 * 5 * 4);
      for (std::int64_t position = first; position < first + count; ++position) {
        ASSERT_TRUE(reads_inside(window, position, region)) << first << '+' << count;
      }
    }
  }
}

}  // namespace
}  // namespace systole
