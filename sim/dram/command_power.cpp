#include <algorithm>

#include "sim/dram/command_controller.h"

namespace systole {

bool CommandController::rests(std::size_t rank) const {
  return !power_.is_down(rank) && !refresh_.owes(rank) && rank_is_idle(rank) &&
         (spec_.page_policy == PagePolicy::Open || device_.open_banks(rank) == 0);
}

DramCycles CommandController::next_power_down() const {
  DramCycles next = kNever;
  for (std::size_t rank = 0; rank < device_.ranks(); ++rank) {
    if (power_.entry(rank) < next && rests(rank)) {
      next = power_.entry(rank);
    }
  }
  return next;
}

void CommandController::power_down(DramCycles now) {
  for (std::size_t rank = 0; rank < device_.ranks(); ++rank) {
    if (power_.entry(rank) > now || !rests(rank)) {
      continue;
    }
    power_.enter(rank, now, device_.open_banks(rank) > 0);
    if (observer_) {
      observer_({DramCommandKind::PowerDown, now, channel_,
                 static_cast<BankIndex>(rank * device_.banks_per_rank()), kNoRow});
    }
  }
}

void CommandController::power_up(std::size_t rank, DramCycles now) {
  const DramCycles up = power_.leave(rank, now);
  device_.hold(rank, up + power_.wake_up());
  forget_plans();
  active_plan_.known = false;
  stale_ = true;
  if (observer_) {
    observer_({DramCommandKind::PowerUp, up, channel_,
               static_cast<BankIndex>(rank * device_.banks_per_rank()), kNoRow});
  }
}

void CommandController::power_up_for_refreshes(DramCycles now) {
  for (std::size_t rank = 0; rank < device_.ranks(); ++rank) {
    if (power_.is_down(rank)) {
      power_up(rank, now);
    }
  }
}

}  // namespace systole
