#pragma once

#include "arch/units/clock.h"
#include "arch/units/units.h"

namespace systole {

// Time as reports have it, in doubles: the only place that turns cycles or femtoseconds into
// seconds. The division comes last, so that round figures stay round.

inline constexpr double kFemtosecondsInASecond = 1e15;

[[nodiscard]] inline double seconds_of(Femtoseconds time) {
  return static_cast<double>(time.count()) / kFemtosecondsInASecond;
}

/// Femtoseconds of any number of cycles: the product may pass 64 bits.
template <class Cycles>
[[nodiscard]] double femtoseconds_of(const Clock<Cycles>& clock, Cycles cycles) {
  return static_cast<double>(cycles.count()) * static_cast<double>(clock.period().count());
}

template <class Cycles>
[[nodiscard]] double seconds_of(const Clock<Cycles>& clock, Cycles cycles) {
  return femtoseconds_of(clock, cycles) / kFemtosecondsInASecond;
}

/// `count` over the time of the cycles; 0 where no time passed.
template <class Cycles>
[[nodiscard]] double per_second(double count, const Clock<Cycles>& clock, Cycles cycles) {
  const double femtoseconds = femtoseconds_of(clock, cycles);
  return femtoseconds == 0.0 ? 0.0 : count * kFemtosecondsInASecond / femtoseconds;
}

}  // namespace systole
