#include "sim/dram/refresh_schedule.h"

#include <algorithm>
#include <iterator>

#include "arch/diag/check.h"

namespace systole {

RefreshSchedule::RefreshSchedule(const DramStandard& standard, const DramControllerSpec& spec)
    : per_bank_(refreshes_banks(spec, standard)),
      interval_(standard.timing.nREFI.count()),
      steps_(per_bank_ ? standard.organization.banks_per_rank() : 1),
      owed_(static_cast<std::size_t>(standard.organization.pseudo_channels *
                                     standard.organization.ranks)),
      turn_(owed_.size()) {
  postponed_ = spec.postponed_refreshes * steps_;
  SYSTOLE_CHECK(!per_bank_ || has_bank_refresh(standard), "{} has no per-bank refresh",
                standard.name);
  if (spec.refresh != RefreshKind::Off && interval_ > 0) {
    next_due_ = due_at(1);
  }
}

bool RefreshSchedule::advance(DramCycles now) {
  if (now < next_due_) {
    return false;
  }
  while (now >= next_due_) {
    for (std::int64_t& owed : owed_) {
      ++owed;
    }
    total_owed_ += static_cast<std::int64_t>(owed_.size());
    ++due_;
    next_due_ = due_at(due_ + 1);
  }
  return true;
}

void RefreshSchedule::describe(std::vector<std::int64_t>& state) const {
  state.push_back(due_);
  state.insert(state.end(), owed_.begin(), owed_.end());
  std::transform(turn_.begin(), turn_.end(), std::back_inserter(state),
                 [](std::size_t turn) { return static_cast<std::int64_t>(turn); });
}

void RefreshSchedule::skip(std::int64_t intervals) {
  due_ += intervals * steps_;
  next_due_ = due_at(due_ + 1);
}

void RefreshSchedule::refreshed(std::size_t rank) {
  --owed_[rank];
  --total_owed_;
  turn_[rank] = (turn_[rank] + 1) % static_cast<std::size_t>(steps_);
}

}  // namespace systole
