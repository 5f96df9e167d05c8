#include "tests/sim/support/small_chip.h"

#include "tests/sim/dram/dram_specs.h"

namespace systole::testing {

ChipSpec small_chip() {
  ChipSpec chip;
  chip.name = "small";
  chip.frequency = Hertz(1'000'000'000);
  chip.matrix.rows = 8;
  chip.matrix.cols = 4;
  chip.matrix.pace_of_kind.fill(CoreCycles(1));
  chip.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Int8xInt16)] = CoreCycles(2);
  chip.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Int16)] = CoreCycles(4);
  chip.accumulators = {.entries = 64, .banks = 8, .ports = 8};
  chip.weight_fifo.tiles = 2;
  chip.buffer = {
      .capacity = Bytes(4096), .banks = 8, .ports = kPortsForAll, .port_width = Bytes(8)};
  chip.vector = {.lanes = 4,
                 .latency = CoreCycles(5),
                 .pace = {CoreCycles(1), CoreCycles(2), CoreCycles(3), CoreCycles(4)}};
  chip.dma = {.request = Bytes(16), .outstanding = 2, .issue = CoreCycles(3)};
  chip.dram = memory_of(ddr3_1600(), 1);  // 12.8 bytes per core cycle at its peak
  chip.host = {.bandwidth = BytesPerSecond(2'000'000'000), .latency = CoreCycles(10)};
  chip.sequencer = {.depth = 16, .issue = CoreCycles(0)};
  return chip;
}

}  // namespace systole::testing
