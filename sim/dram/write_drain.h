#pragma once

#include <algorithm>
#include <cstddef>

#include "arch/dram_controller_spec.h"
#include "sim/dram/dram_types.h"

namespace systole {

/// Which buffer the controller serves next. To writes above the upper watermark or when no read
/// waits; back to reads below the lower watermark when a read waits, or when a read starves, which
/// also keeps the upper watermark from turning the bus. Whatever the watermarks say, a full buffer
/// is above the upper one and an empty one below the lower one: 100 and 0 per cent work too.
class WriteDrain {
 public:
  /// Watermarks as bursts of a buffer for `capacity`: n is above p % from floor(p capacity / 100)
  /// + 1 on, but from `capacity` on at the latest, and below it until ceil(p capacity / 100) - 1,
  /// but when there is none in any case.
  WriteDrain(const DramControllerSpec& spec, std::size_t capacity)
      : high_(std::min(static_cast<std::size_t>(spec.drain_above) * capacity / kPerCent + 1,
                       capacity)),
        low_(std::max(
            (static_cast<std::size_t>(spec.drain_below) * capacity + kPerCent - 1) / kPerCent,
            std::size_t{1})) {}

  /// `reads`, `writes`: bursts that wait.
  [[nodiscard]] DramOperation next(DramOperation current, std::size_t reads, std::size_t writes,
                                   bool read_starves) const {
    if (current == DramOperation::Read) {
      const bool turns = reads == 0 || (writes >= high_ && !read_starves);
      return turns ? DramOperation::Write : DramOperation::Read;
    }
    const bool turns = reads > 0 && (writes < low_ || read_starves);
    return turns ? DramOperation::Read : DramOperation::Write;
  }

 private:
  static constexpr std::size_t kPerCent = 100;
  std::size_t high_;
  std::size_t low_;
};

}  // namespace systole
