#pragma once

#include "arch/units/units.h"

namespace systole {

/// Converts between cycles of one clock domain and time. The period is a whole number of
/// femtoseconds (700 MHz becomes 1,428,571 fs, 0.3 parts per million short); within one simulation
/// every conversion uses the same period, so cycle counts are exact.
template <class Cycles>
class Clock {
 public:
  constexpr explicit Clock(Femtoseconds period) : period_(period) {}
  constexpr explicit Clock(Hertz frequency)
      : period_((kFemtosecondsPerSecond + frequency.count() / 2) / frequency.count()) {}

  [[nodiscard]] constexpr Femtoseconds period() const { return period_; }
  /// Time of the edge that begins cycle `cycles`.
  [[nodiscard]] constexpr Femtoseconds time_of(Cycles cycles) const {
    return period_ * cycles.count();
  }
  /// The first edge at or after `time`.
  [[nodiscard]] constexpr Cycles edge_at_or_after(Femtoseconds time) const {
    return Cycles(ceil_div(time.count(), period_.count()));
  }
  /// The last edge at or before `time`.
  [[nodiscard]] constexpr Cycles edge_at_or_before(Femtoseconds time) const {
    return Cycles(time.count() / period_.count());
  }

 private:
  static constexpr std::int64_t kFemtosecondsPerSecond = 1'000'000'000'000'000;
  Femtoseconds period_;
};

}  // namespace systole
