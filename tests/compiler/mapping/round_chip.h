#pragma once

#include "arch/chip_spec.h"

namespace systole::testing {

/// A chip whose estimates are easy to add up: 1 GHz, 8 x 4 PEs, 64 accumulators, a FIFO of 8 tiles,
/// DRAM of 8 bytes a cycle in bursts of 8 with a latency of 9 cycles, a host link of 2 bytes a
/// cycle.
[[nodiscard]] inline ChipSpec round_chip() {
  ChipSpec chip;
  chip.name = "round";
  chip.frequency = Hertz(1'000'000'000);
  chip.matrix.rows = 8;
  chip.matrix.cols = 4;
  chip.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Int8)] = CoreCycles(1);
  chip.accumulators = {.entries = 64, .banks = 8, .ports = 8};
  chip.weight_fifo.tiles = 8;
  chip.buffer = {.capacity = Bytes(4096), .banks = 8, .ports = 8, .port_width = Bytes(8)};
  chip.vector = {.lanes = 4,
                 .latency = CoreCycles(5),
                 .pace = {CoreCycles(1), CoreCycles(2), CoreCycles(3), CoreCycles(4)}};
  chip.dma = {.request = Bytes(32), .outstanding = 16, .issue = CoreCycles(3)};
  chip.dram.standard.organization.bus_bits = 64;
  chip.dram.standard.organization.burst_length = 1;
  chip.dram.standard.timing.tCK = Femtoseconds(1'000'000);
  chip.dram.standard.timing.nBL = DramCycles(1);
  chip.dram.standard.timing.nCL = DramCycles(4);
  chip.dram.standard.timing.nRCD = DramCycles(4);
  chip.dram.channels = 1;
  chip.host = {.bandwidth = BytesPerSecond(2'000'000'000), .latency = CoreCycles(10)};
  return chip;
}

}  // namespace systole::testing
