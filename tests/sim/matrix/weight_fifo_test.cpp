#include "sim/matrix/weight_fifo.h"

#include <gtest/gtest.h>

namespace systole::testing {
namespace {

/// Four tiles of 4 rows at 3 cycles a row that come every 8 cycles, then one that is not converted.
TEST(WeightFifo, AConvertedTileIsThereWhenTheConverterIsThrough) {
  const CoreTime time(Clock<CoreCycles>(Hertz(1'000'000'000)));
  WeightFifo fifo({.tiles = 5}, time, nullptr);
  for (const std::int64_t come : {33, 41, 49, 57}) {
    fifo.reserve();
    Tile tile{.rows = 4, .cols = 4};
    tile.arrived = CoreCycles(come);
    tile.converting = CoreCycles(4 * 3);
    fifo.push(tile);
  }
  fifo.reserve();
  Tile plain{.rows = 4, .cols = 4};
  plain.arrived = CoreCycles(60);
  fifo.push(plain);
  for (const std::int64_t there : {33 + 12, 45 + 12, 57 + 12, 69 + 12, 81}) {
    EXPECT_EQ(fifo.next_arrival(), CoreCycles(there));
    EXPECT_EQ(fifo.take().arrived, CoreCycles(there));
  }
}

}  // namespace
}  // namespace systole::testing
