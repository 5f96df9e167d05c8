#include "sim/dram/power_down.h"

#include <algorithm>

#include "arch/diag/check.h"

namespace systole {

PowerDown::PowerDown(const DramStandard& standard, const DramControllerSpec& spec,
                     std::size_t ranks)
    : after_(spec.power_down),
      shortest_(standard.timing.nCKE),
      wake_up_(standard.timing.nXP),
      ranks_(ranks) {
  SYSTOLE_CHECK(!is_on() || has_power_down(standard), "{} has no power-down", standard.name);
  const DramTiming& t = standard.timing;
  const auto set = [this](DramCommandKind kind, DramCycles work) {
    work_[static_cast<std::size_t>(kind)] = work;
  };
  set(DramCommandKind::Precharge, DramCycles(1));
  set(DramCommandKind::PrechargeAll, DramCycles(1));
  set(DramCommandKind::Activate, DramCycles(1));
  set(DramCommandKind::Read, t.nCL + t.nBL);
  set(DramCommandKind::Write, t.nCWL + t.nBL + t.nWR);
  set(DramCommandKind::Refresh, t.nRFC);
  set(DramCommandKind::RefreshBank, t.nRFCpb);
}

void PowerDown::enter(std::size_t rank, DramCycles now, bool row_open) {
  Rank& of = ranks_[rank];
  of.down = true;
  of.row_open = row_open;
  of.since = now;
}

DramCycles PowerDown::leave(std::size_t rank, DramCycles now) {
  Rank& of = ranks_[rank];
  const DramCycles up = std::max(now, of.since + shortest_);
  count(of, up, over_);
  of.down = false;
  return up;
}

void PowerDown::count(const Rank& rank, DramCycles until, PowerDownCycles& sum) {
  (rank.row_open ? sum.active : sum.precharged) += std::max(DramCycles(0), until - rank.since);
}

void PowerDown::describe(DramCycles now, std::vector<std::int64_t>& state) const {
  for (const Rank& rank : ranks_) {
    state.push_back(rank.down ? 1 : 0);
    state.push_back((now - (rank.down ? rank.since : rank.done)).count());
  }
}

void PowerDown::describe_outlook(DramCycles now, std::vector<std::int64_t>& state) const {
  for (const Rank& rank : ranks_) {
    state.push_back(!rank.down ? 0 : rank.row_open ? 1 : 2);
    const DramCycles next = rank.down ? rank.since + shortest_ : rank.done + after_;
    state.push_back(std::max(DramCycles(0), next - now).count());
  }
}

void PowerDown::shift(DramCycles by, const PowerDownCycles& more) {
  over_.active += more.active;
  over_.precharged += more.precharged;
  for (Rank& rank : ranks_) {
    rank.since += by;
    rank.done += by;
  }
}

PowerDownCycles PowerDown::cycles(DramCycles now) const {
  PowerDownCycles sum = over_;
  for (const Rank& rank : ranks_) {
    if (rank.down) {
      count(rank, now, sum);
    }
  }
  return sum;
}

}  // namespace systole
