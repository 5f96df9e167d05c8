#include "study/deadline.h"

#include "arch/diag/check.h"

namespace systole {

WorstCase worst_case(const ChipSpec& chip, Femtoseconds time) {
  const DramTiming& timing = chip.dram.standard.timing;
  WorstCase worst{.time = time};
  if (timing.nREFI == DramCycles(0)) {
    return worst;
  }
  const DramCycles cycles = timing.nRC + timing.nRFC + timing.nRCD + timing.nCL + timing.nBL;
  const Femtoseconds interval = timing.tCK * timing.nREFI.count();
  worst.refresh = timing.tCK * cycles.count();
  SYSTOLE_CHECK(worst.refresh < interval, "{} fs of refresh every {} fs", worst.refresh.count(),
                interval.count());
  for (std::int64_t before = -1; before != worst.refreshes;) {
    before = worst.refreshes;
    worst.refreshes = worst.time / interval + 1;
    worst.time = time + worst.refresh * worst.refreshes;
  }
  return worst;
}

DeadlineResult check_deadline(const Result& result, Femtoseconds deadline) {
  const Femtoseconds time = result.chip.clock().time_of(result.counters.elapsed);
  return {.deadline = deadline, .time = time, .worst = worst_case(result.chip, time)};
}

}  // namespace systole
