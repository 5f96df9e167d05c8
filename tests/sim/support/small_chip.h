#pragma once

#include "arch/chip_spec.h"

namespace systole::testing {

/// A chip whose numbers are easy to add up: 1 GHz, an 8 x 4 array, 2 FIFO tiles, 4 KiB of buffer
/// with a port of 8 bytes for everybody, 4 lanes, DMA requests of 16 bytes (2 outstanding), host
/// link of 2 bytes per cycle, no sequencer cost.
inline constexpr std::int64_t kPortsForAll = 7;

[[nodiscard]] ChipSpec small_chip();

}  // namespace systole::testing
