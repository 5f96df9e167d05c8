#pragma once

#include "study/result.h"

namespace systole {

/// A 16 x 16 array at 500 MHz (2 ns) with 16 GB/s of DRAM: 256 MACs and 32 DRAM bytes a cycle.
[[nodiscard]] ChipSpec sample_chip();

/// Batch 2: conv1 (3x3, 8x8x16 -> 8x8x32), add1, flatten (a view), dense1 (2048 -> 10), softmax.
/// Counters are made by hand but obey the laws of real ones: engines add up to 4000 elapsed cycles,
/// layers add up to engines.
[[nodiscard]] Result sample_result();

}  // namespace systole
