#pragma once

#include <systemc>

#include "arch/units/clock.h"
#include "arch/units/units.h"

namespace systole {

/// Core cycles for SystemC processes. Everything on the chip happens at edges of the core clock;
/// a moment between two edges (a DRAM response) counts as the later edge.
class CoreTime {
 public:
  explicit CoreTime(Clock<CoreCycles> clock) : clock_(clock) {}

  /// The first edge at or after the present simulated time.
  [[nodiscard]] CoreCycles now() const {
    const sc_dt::uint64 time = sc_core::sc_time_stamp().value();
    if (time != known_time_) {  // processes ask many times in a cycle, and divisions are slow
      known_time_ = time;
      known_edge_ = clock_.edge_at_or_after(Femtoseconds(static_cast<std::int64_t>(time)));
    }
    return known_edge_;
  }

  [[nodiscard]] CoreCycles edge_at_or_after(const sc_core::sc_time& time) const {
    return clock_.edge_at_or_after(Femtoseconds(static_cast<std::int64_t>(time.value())));
  }

  /// From the present time to the edge that begins `cycle`; zero when that has passed.
  [[nodiscard]] sc_core::sc_time delay_until(CoreCycles cycle) const {
    const auto edge = static_cast<sc_dt::uint64>(clock_.time_of(cycle).count());
    const sc_dt::uint64 present = sc_core::sc_time_stamp().value();
    return sc_core::sc_time::from_value(edge > present ? edge - present : 0);
  }

  /// Suspends the calling thread until `cycle` begins; returns at once when that has passed.
  void wait_until(CoreCycles cycle) const {
    const sc_core::sc_time delay = delay_until(cycle);
    if (delay != sc_core::SC_ZERO_TIME) {
      sc_core::wait(delay);
    }
  }

 private:
  Clock<CoreCycles> clock_;
  mutable sc_dt::uint64 known_time_ = 0;
  mutable CoreCycles known_edge_{0};
};

}  // namespace systole
