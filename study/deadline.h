#pragma once

#include <cstdint>

#include "study/result.h"

namespace systole {

/// The same run under the least favourable refresh. A simulation is deterministic and its refreshes
/// begin at a fixed phase; a real run begins at any. With S the time that a refresh can take from a
/// channel (nRC to close rows, nRFC, or nRFCpb bank by bank, then nRCD + nCL + nBL to the first
/// data again), I the interval nREFI in which r refreshes are due (one a rank, or one a bank), and
/// p refreshes that the controller may have postponed:
///   worst = time + n r S, with n = worst / I + 1 + p, rounded down
/// the smallest such n: every refresh that can fall into the run is exposed in full, though some of
/// them are in the simulated time already. Without refresh, worst = time. Where refreshes of
/// single banks could take a whole interval, nothing is bounded this way.
/// Not covered: other users of the DRAM or of the host link, another clock, a host that is late.
struct WorstCase {
  Femtoseconds time{0};
  std::int64_t refreshes = 0;
  Femtoseconds refresh{0};  ///< S
  bool bounded = true;
};

[[nodiscard]] WorstCase worst_case(const ChipSpec& chip, Femtoseconds time);

/// Whether a run ends in time.
struct DeadlineResult {
  Femtoseconds deadline{0};
  Femtoseconds time{0};
  WorstCase worst;

  [[nodiscard]] bool met() const { return time <= deadline; }
  [[nodiscard]] bool always_met() const { return worst.bounded && worst.time <= deadline; }
};

[[nodiscard]] DeadlineResult check_deadline(const Result& result, Femtoseconds deadline);

}  // namespace systole
