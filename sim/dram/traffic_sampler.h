#pragma once

#include <cstdint>

#include "arch/dram_spec.h"
#include "arch/trace.h"
#include "sim/dram/dram_types.h"

namespace systole {

/// Adds up what a DRAM's data buses carry, in intervals of time that grow with the run: at most
/// kMostSamples of them, so memory is bounded however long it takes. Intervals begin as 16 bursts
/// (16 * nBL memory cycles) and double whenever their number would exceed the limit. They are whole
/// numbers of bursts long, so no sample exceeds the peak of the buses.
class TrafficSampler {
 public:
  static constexpr std::int64_t kMostSamples = 8192;

  explicit TrafficSampler(const DramSpec& spec);

  /// Counts a Read or Write by the cycle of its first beat; other commands carry nothing. In any
  /// order of time.
  void add(const DramCommand& command);
  /// The samples up to the last burst.
  [[nodiscard]] const DramTraffic& traffic() const { return traffic_; }

 private:
  void halve();

  DramTiming timing_;
  std::int64_t burst_bytes_;
  std::int64_t width_;  ///< memory cycles of a sample
  DramTraffic traffic_;
};

}  // namespace systole
