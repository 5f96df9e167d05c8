#include "sim/chip/kernel.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <systemc>

#include <fmt/format.h>

#include "arch/diag/error.h"
#include "sim/chip/own_stack.h"
#include "sim/core/core_time.h"
#include "sim/simulated_time.h"

namespace systole {

namespace {

constexpr sc_dt::uint64 kLastTime = INT64_MAX;  // in femtoseconds

}  // namespace

void prepare_kernel() {
  if (sc_core::sc_get_status() != sc_core::SC_ELABORATION) {
    throw InternalError("a process can simulate once; fork for more");
  }
  sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
  sc_core::sc_report_handler::set_actions(sc_core::SC_WARNING, sc_core::SC_THROW);
  sc_core::sc_report_handler::set_actions(sc_core::SC_ERROR, sc_core::SC_THROW);
  sc_core::sc_set_time_resolution(1, sc_core::SC_FS);
}

void run_kernel(Clock<CoreCycles> clock) {
  try {
    sc_core::sc_start(sc_core::sc_time::from_value(kLastTime), sc_core::SC_EXIT_ON_STARVATION);
    announce_own_stack();
    if (sc_core::sc_pending_activity()) {
      throw UserError(std::string(kTimeIsOver));
    }
  } catch (const sc_core::sc_report& report) {
    announce_own_stack();
    if (const std::string_view text = report.get_msg(); text.starts_with(kUserErrorMark)) {
      throw UserError(std::string(text));
    }
    const CoreCycles cycle = CoreTime(clock).edge_at_or_after(report.get_time());
    const char* process = report.get_process_name();
    throw InternalError(fmt::format("at cycle {} in {}: {}", cycle.count(),
                                    process == nullptr ? "elaboration" : process,
                                    report.get_msg()));
  }
}

}  // namespace systole
