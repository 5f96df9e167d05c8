#pragma once

#include <cstdint>
#include <vector>

#include "arch/units/units.h"

namespace systole {

/// How often each latency occurred, in memory that does not grow with their number: exact up to
/// kExact cycles, above that to one part in kExact / 2 (each power of two has as many bins).
class LatencyHistogram {
 public:
  static constexpr std::int64_t kExact = 1 << 16;

  void add(DramCycles latency, std::int64_t times = 1);
  void add(const LatencyHistogram& other);

  [[nodiscard]] std::int64_t count() const { return count_; }
  /// Exact; 0 of nothing.
  [[nodiscard]] double mean() const;
  [[nodiscard]] DramCycles min() const { return min_; }
  [[nodiscard]] DramCycles max() const { return max_; }
  /// Of all latencies in ascending order the one at index count * part / whole; 0 of nothing.
  /// Never outside min..max.
  [[nodiscard]] DramCycles quantile(std::int64_t part, std::int64_t whole) const;

  /// Latencies below a power of two and not below half of it.
  struct Octave {
    DramCycles below{0};
    std::int64_t times = 0;
  };
  /// From the shortest to the longest that occurred; exact.
  [[nodiscard]] std::vector<Octave> octaves() const;

  bool operator==(const LatencyHistogram&) const = default;

 private:
  std::vector<std::int64_t> bins_;
  std::int64_t count_ = 0;
  std::int64_t sum_ = 0;
  DramCycles min_{0};
  DramCycles max_{0};
};

}  // namespace systole
