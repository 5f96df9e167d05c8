#pragma once

#include <cstdint>
#include <string>
#include <systemc>

#include "arch/diag/error.h"
#include "arch/units/clock.h"
#include "arch/units/units.h"
#include "sim/simulated_time.h"

namespace systole {

/// Core cycles for SystemC processes. Everything on the chip happens at edges of the core clock;
/// a moment between two edges (a DRAM response) counts as the later edge.
/// Times are 64-bit femtoseconds: what would end later than 2^63 fs (9,223 s) is a UserError.
class CoreTime {
 public:
  explicit CoreTime(Clock<CoreCycles> clock)
      : clock_(clock),
        last_(clock.edge_at_or_before(Femtoseconds(INT64_MAX))),
        kernel_(*sc_core::sc_get_curr_simcontext()) {}

  /// The first edge at or after the present simulated time.
  [[nodiscard]] CoreCycles now() const {
    const sc_dt::uint64 time = present();
    if (time != known_time_) {  // processes ask many times in a cycle, and divisions are slow
      known_time_ = time;
      known_edge_ = clock_.edge_at_or_after(Femtoseconds(static_cast<std::int64_t>(time)));
    }
    return known_edge_;
  }

  [[nodiscard]] Clock<CoreCycles> clock() const { return clock_; }
  [[nodiscard]] CoreCycles edge_at_or_after(const sc_core::sc_time& time) const {
    return clock_.edge_at_or_after(Femtoseconds(static_cast<std::int64_t>(time.value())));
  }

  /// From the present time to the edge that begins `cycle`; zero when that has passed.
  [[nodiscard]] sc_core::sc_time delay_until(CoreCycles cycle) const {
    const sc_dt::uint64 edge = time_of(cycle);
    return sc_core::sc_time::from_value(edge > present() ? edge - present() : 0);
  }

  /// Suspends the calling thread until `cycle` begins; returns at once when that has passed.
  void wait_until(CoreCycles cycle) const {
    if (time_of(cycle) > present()) {
      sc_core::wait(delay_until(cycle));
    }
  }

 private:
  [[nodiscard]] sc_dt::uint64 present() const { return kernel_.time_stamp().value(); }
  [[nodiscard]] sc_dt::uint64 time_of(CoreCycles cycle) const {
    if (cycle > last_) {
      throw UserError(std::string(kTimeIsOver));
    }
    return static_cast<sc_dt::uint64>(clock_.time_of(cycle).count());
  }

  Clock<CoreCycles> clock_;
  CoreCycles last_;  ///< that has a time
  const sc_core::sc_simcontext& kernel_;
  mutable sc_dt::uint64 known_time_ = 0;
  mutable CoreCycles known_edge_{0};
};

}  // namespace systole
