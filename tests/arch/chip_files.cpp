#include "tests/arch/chip_files.h"

#include <stdexcept>

namespace systole {

const std::string_view kChipText = R"(name: chip
description: A chip of the tests
clock: 700 MHz
matrix_unit:
  rows: 16
  columns: 24
  dataflow: weight_stationary
  overlap: shadow
  model: tile
  pace: {int8xint8: 1 cycle, int8xint16: 2 cycles, int16xint16: 4 cycles}
accumulators: {entries: 512, banks: 4, ports: 2}
weight_fifo: {tiles: 3}
unified_buffer:
  capacity: 96 KiB
  banks: 6
  ports: 5
  port_width: 64 B
vector_unit:
  lanes: 20
  latency: 9 cycles
  pace: {activation: 5 cycles, elementwise: 6 cycles, pooling: 7 cycles, softmax: 8 cycles}
dma: {request: 2 KiB, outstanding: 10, issue: 11 cycles}
dram:
  standard: small
  channels: 4
  interleave: 128 B
  capacity: 512 MiB
host_link:
  bandwidth: 14 GiB/s
  latency: 1 us
sequencer: {depth: 13, issue: 14 cycles}
)";

const std::string_view kDramText = R"(name: small
description: A small memory
organization:
  bus_bits: 32
  burst_length: 8
  ranks: 2
  bank_groups: 4
  banks_per_group: 16
  rows: 1024
  bursts_per_row: 64
timing:
  tCK: 937.5 ps
  nBL: 4 cycles
  nCL: 11 cycles
  nCWL: 9 cycles
  nRCD: 12 cycles
  nRP: 13 cycles
  nRAS: 30 cycles
  nRC: 43 cycles
  nRRD_S: 5 cycles
  nRRD_L: 6 cycles
  nFAW: 24 cycles
  nCCD_S: 4 cycles
  nCCD_L: 7 cycles
  nWTR_S: 3 cycles
  nWTR_L: 8 cycles
  nWR: 14 cycles
  nRTP: 10 cycles
  nRTW: 15 cycles
  nREFI: 6240 cycles
  nRFC: {value: 208 cycles, source: sheet, status: found}
sources:
  sheet: A data sheet
)";

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  if (at == std::string_view::npos || text.find(from, at + 1) != std::string_view::npos) {
    throw std::logic_error("not exactly once in the text: " + std::string(from));
  }
  std::string result(text);
  return result.replace(at, from.size(), to);
}

}  // namespace systole
