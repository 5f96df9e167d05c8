#include "study/deadline.h"

namespace systole {

WorstCase worst_case(const ChipSpec& chip, Femtoseconds time) {
  const DramStandard& standard = chip.dram.standard;
  const DramTiming& timing = standard.timing;
  const DramControllerSpec& controller = chip.dram.controller;
  WorstCase worst{.time = time};
  if (timing.nREFI == DramCycles(0) || controller.refresh == RefreshKind::Off) {
    return worst;
  }
  const bool by_bank = refreshes_banks(controller, standard);
  const std::int64_t due =
      standard.organization.ranks * (by_bank ? standard.organization.banks_per_rank() : 1);
  const DramCycles busy = by_bank ? timing.nRFCpb : timing.nRFC;
  worst.refresh = timing.tCK * (timing.nRC + busy + timing.nRCD + timing.nCL + timing.nBL).count();
  const Femtoseconds interval = timing.tCK * timing.nREFI.count();
  if (worst.refresh * due >= interval) {
    worst.bounded = false;
    return worst;
  }
  for (std::int64_t before = -1; before != worst.refreshes;) {
    before = worst.refreshes;
    worst.refreshes = (worst.time / interval + 1 + controller.postponed_refreshes) * due;
    worst.time = time + worst.refresh * worst.refreshes;
  }
  return worst;
}

DeadlineResult check_deadline(const Result& result, Femtoseconds deadline) {
  const Femtoseconds time = result.chip.clock().time_of(result.counters.elapsed);
  return {.deadline = deadline, .time = time, .worst = worst_case(result.chip, time)};
}

}  // namespace systole
