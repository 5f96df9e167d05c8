#pragma once

#include <cstdint>

#include "arch/dram_controller_spec.h"
#include "sim/dram/dram_types.h"

namespace systole {

/// Fill of one buffer, in bursts.
struct Fill {
  std::int64_t bursts = 0;
  std::int64_t capacity = 0;
};

/// Which buffer the controller serves next. To writes above the upper watermark or when no read
/// waits; back to reads below the lower watermark when a read waits, or when a read starves, which
/// also keeps the upper watermark from turning the bus.
inline DramOperation next_direction(DramOperation current, Fill reads, Fill writes,
                                    bool read_starves, const DramControllerSpec& spec) {
  constexpr std::int64_t kPerCent = 100;
  if (current == DramOperation::Read) {
    const bool full = writes.bursts * kPerCent > spec.drain_above * writes.capacity;
    return (full && !read_starves) || reads.bursts == 0 ? DramOperation::Write
                                                        : DramOperation::Read;
  }
  const bool drained = writes.bursts * kPerCent < spec.drain_below * writes.capacity;
  return reads.bursts > 0 && (drained || read_starves) ? DramOperation::Read : DramOperation::Write;
}

}  // namespace systole
