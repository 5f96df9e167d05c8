#include "sim/dram/command_controller.h"

#include <algorithm>
#include <utility>

namespace systole {
namespace {

std::size_t entries(const DramStandard& standard, std::int64_t per_pseudo_channel) {
  return static_cast<std::size_t>(per_pseudo_channel * standard.organization.pseudo_channels);
}

std::array<DramCycles, kDramCommandKinds> command_lengths(const DramCommandBus& bus) {
  std::array<DramCycles, kDramCommandKinds> lengths{};
  const auto set = [&lengths](DramCommandKind kind, DramCycles length) {
    lengths[static_cast<std::size_t>(kind)] = length;
  };
  set(DramCommandKind::Precharge, bus.precharge);
  set(DramCommandKind::PrechargeAll, bus.precharge);
  set(DramCommandKind::Activate, bus.activate);
  set(DramCommandKind::Read, bus.column);
  set(DramCommandKind::Write, bus.column);
  set(DramCommandKind::Refresh, bus.refresh);
  set(DramCommandKind::RefreshBank, bus.refresh);
  return lengths;
}

}  // namespace

CommandController::CommandController(const DramStandard& standard, const DramControllerSpec& spec,
                                     ChannelIndex channel, DramCommandObserver observer)
    : spec_(spec),
      timing_(standard.timing),
      lengths_(command_lengths(standard.bus)),
      device_(standard, spec.rank_turnaround),
      refresh_(standard, spec),
      power_(standard, spec, device_.ranks()),
      reads_(DramOperation::Read, entries(standard, spec.read_entries), device_.banks()),
      writes_(DramOperation::Write, entries(standard, spec.write_entries), device_.banks()),
      drain_(spec, writes_.capacity()),
      active_(device_.banks()),
      active_arrivals_(device_.banks()),
      active_reads_(device_.banks()),
      active_writes_(active_reads_),
      blocked_banks_(active_reads_),
      not_to_precharge_(active_reads_),
      precharged_for_row_(device_.banks()),
      last_column_(device_.banks()),
      streamed_(active_reads_),
      bank_counts_(device_.banks() * kDramCommandKinds),
      channel_(channel),
      observer_(std::move(observer)) {
  if (standard.bus.split) {
    buses_ = {Bus{.columns = true, .rows = false}, Bus{.columns = false, .rows = true}};
    bus_count_ = 2;
  }
}

CommandController::CommandController(const CommandController& other, ChannelIndex channel)
    : CommandController(other) {
  channel_ = channel;
  planned_ = false;  // looked up again: what is planned are the other's
}

bool CommandController::offer(const BurstRequest& request, DramCycles now) {
  if (writes_.size() > 0 && writes_.holds(request)) {
    ++(request.operation == DramOperation::Read ? counts_.forwarded : counts_.merged);
    completions_.push_back({{request.id, 0, now, DramCycles(0), 1},
                            request.operation,
                            now + DramCycles(1),
                            DramCycles(0),
                            true});
    return true;
  }
  BurstBuffer& target = buffer(request.operation);
  if (!target.has_room()) {
    return false;
  }
  const bool was_empty = target.size() == 0;
  const BurstBuffer::Change change = target.push(request, now, device_.open_row(request.bank));
  if (refresh_.owes_any()) {
    update_blocked();
    stale_ = true;
  }
  if (const std::size_t rank = device_.rank_of(request.bank); power_.is_down(rank)) {
    power_up(rank, now);
  }
  if (spec_.page_policy != PagePolicy::Open) {
    stale_ = true;  // a row may be wanted now
  }
  if (was_empty && spec_.starvation_limit > DramCycles(0)) {
    stale_ = true;  // something may starve now
  }
  if (wanted_direction(now) != direction_) {
    stale_ = true;
  }
  if (request.operation == direction_) {
    after_push(request, change, now);
  }
  return true;
}

void CommandController::after_push(const BurstRequest& request, BurstBuffer::Change change,
                                   DramCycles now) {
  switch (change) {
    case BurstBuffer::Change::None:
      break;
    case BurstBuffer::Change::Hit:
      reconsider(Need::Column, request.bank, now);
      break;
    case BurstBuffer::Change::Oldest: {
      const bool closed = device_.open_row(request.bank) == kNoRow;
      reconsider(closed ? Need::Activate : Need::Precharge, request.bank, now);
      break;
    }
  }
}

inline void CommandController::send(Bus& bus, DramCommandKind kind, std::size_t bank, RowIndex row,
                                    DramCycles now) {
  if (kind == DramCommandKind::PrechargeAll) {
    counts_.rows_closed += static_cast<std::int64_t>(device_.open_banks(device_.rank_of(bank)));
  } else if (kind == DramCommandKind::Precharge) {
    ++counts_.rows_closed;
  }
  device_.issue(kind, bank, row, now);
  power_.issued(kind, device_.rank_of(bank), now);
  ++counts_.commands[static_cast<std::size_t>(kind)];
  ++bank_counts_[bank * kDramCommandKinds + static_cast<std::size_t>(kind)];
  bus.free = now + lengths_[static_cast<std::size_t>(kind)];
  if (observer_) {
    observer_({kind, now, channel_, static_cast<BankIndex>(bank), row});
  }
}

inline void CommandController::complete(const BurstRequest& request, DramCycles arrival,
                                        DramCycles now) {
  const bool reads = request.operation == DramOperation::Read;
  const DramCycles at = reads ? now + timing_.nCL + timing_.nBL : now;
  completions_.push_back(
      {{request.id, 0, arrival, DramCycles(0), 1}, request.operation, at, DramCycles(0), false});
  last_column_[request.bank] = now;
}

inline void CommandController::set_active(std::size_t bank, bool active) {
  const bool reads = active_[bank].operation == DramOperation::Read;
  (reads ? active_reads_ : active_writes_).put(bank, active);
  not_to_precharge_.put(bank, active || is_blocked(bank));
  active_count_ += active ? 1 : -1;
}

void CommandController::issue_buffered(Bus& bus, DramCommandKind kind, std::size_t bank,
                                       DramCycles now) {
  BurstBuffer& bursts = buffer(direction_);
  switch (kind) {
    case DramCommandKind::Precharge:
      precharged_for_row_.put(bank, true);
      send(bus, kind, bank, bursts.row(bursts.oldest(bank)), now);
      open_row_changed(bank, kNoRow);
      break;
    case DramCommandKind::Activate: {
      ++(precharged_for_row_.has(bank) ? counts_.row_conflicts : counts_.row_misses);
      precharged_for_row_.put(bank, false);
      const BurstBuffer::Slot run = bursts.oldest(bank);
      active_[bank] = bursts.front(bank, run);
      active_arrivals_[bank] = bursts.front_arrival(run);
      const RowIndex row = active_[bank].row;
      bursts.take_opening(bank, row);
      buffer(other_operation(direction_)).row_changed(bank, row);
      send(bus, kind, bank, row, now);
      set_active(bank, true);
      break;
    }
    default: {
      const BurstBuffer::Slot run = bursts.hit(bank);
      complete(bursts.front(bank, run), bursts.front_arrival(run), now);
      bursts.take(bank, run, device_.open_row(bank));
      send(bus, kind, bank, device_.open_row(bank), now);
      break;
    }
  }
}

/// Of active bursts, of refreshes and of the page policy.
void CommandController::issue_own(Bus& bus, DramCommandKind kind, std::size_t bank,
                                  DramCycles now) {
  switch (kind) {
    case DramCommandKind::Read:
    case DramCommandKind::Write:
      set_active(bank, false);
      complete(active_[bank], active_arrivals_[bank], now);
      send(bus, kind, bank, active_[bank].row, now);
      break;
    case DramCommandKind::Precharge:
      precharged_for_row_.put(bank, false);
      send(bus, kind, bank, kNoRow, now);
      open_row_changed(bank, kNoRow);
      break;
    case DramCommandKind::PrechargeAll:
      send(bus, kind, bank, kNoRow, now);
      for (std::size_t each = bank; each < bank + device_.banks_per_rank(); ++each) {
        precharged_for_row_.put(each, false);
        open_row_changed(each, kNoRow);
      }
      break;
    case DramCommandKind::Refresh:
    case DramCommandKind::RefreshBank:
      send(bus, kind, bank, kNoRow, now);
      refresh_.refreshed(device_.rank_of(bank));
      break;
    case DramCommandKind::Activate:
    case DramCommandKind::PowerDown:
    case DramCommandKind::PowerUp:
      break;  // of a buffered burst; of no command bus
  }
}

inline void CommandController::issue(Bus& bus, const Candidate& command, DramCycles now) {
  const DramCommandKind kind = command.kind;  // the plan is about to be forgotten
  const std::size_t bank = command.bank;
  if (command.buffered) {
    issue_buffered(bus, kind, bank, now);
  } else {
    issue_own(bus, kind, bank, now);
  }
  revise_plans(kind, bank, now);
  planned_ = false;
  if (refresh_.owes_any() || any_blocked_) {
    update_blocked();
  }
}

inline const CommandController::Candidate& CommandController::best_buffered(const Bus& bus,
                                                                            DramCycles from) {
  if (starves(buffer(direction_), from)) {
    find_starving(bus, from, starving_);
    return starving_;
  }
  const Candidate* best = bus.columns ? &best_of(Need::Column, from) : &nothing_;
  const auto consider = [&best](const Candidate& candidate) {
    best = candidate.is_before(*best) ? &candidate : best;
  };
  if (bus.rows) {
    consider(best_of(Need::Activate, from));
    consider(best_of(Need::Precharge, from));
    if (spec_.page_policy != PagePolicy::Open) {
      find_unwanted_row(from, unwanted_);
      consider(unwanted_);
    }
  }
  return *best;
}

inline void CommandController::issue_on(Bus& bus, DramCycles now) {
  if (planned_) {
    if (bus.planned->at <= now) {
      issue(bus, *bus.planned, now);
    }
    return;
  }
  if (bus.columns && active_count_ > 0) {
    if (const Candidate& active = best_active(now); active.at <= now) {
      issue(bus, active, now);
      return;
    }
  }
  if (any_blocked_) {
    if (bus.rows) {
      const Candidate refresh = best_refresh(now);
      if (refresh.at <= now) {
        issue(bus, refresh, now);
        return;
      }
    }
    if (all_blocked_) {
      return;
    }
  }
  const DramOperation direction = wanted_direction(now);
  if (direction != direction_) {
    direction_ = direction;
    forget_plans();
  }
  const Candidate& buffered = best_buffered(bus, now);
  if (buffered.at <= now) {
    issue(bus, buffered, now);
  }
}

void CommandController::step(DramCycles now) {
  planned_ = planned_ && !stale_ && now < interrupt_;
  if (refresh_.advance(now)) {
    power_up_for_refreshes(now);
    update_blocked();
  }
  if (power_.is_on()) {
    power_down(now);
  }
  for (Bus& bus : buses()) {
    if (bus.free <= now) {
      issue_on(bus, now);
    }
  }
}

/// From when on, at the latest, something else may come than what is planned: a refresh falls due
/// or a burst starves.
DramCycles CommandController::next_interrupt(DramCycles next) const {
  DramCycles interrupt = refresh_.next_due();
  if (spec_.starvation_limit > DramCycles(0)) {
    for (const BurstBuffer* bursts : {&reads_, &writes_}) {
      if (bursts->size() > 0 && !starves(*bursts, next)) {
        interrupt = std::min(interrupt, patience_of(*bursts) + DramCycles(1));
      }
    }
  }
  return interrupt;
}

/// Of a bus whose requests a refresh may block; `turns`: the other buffer is to be served.
inline DramCycles CommandController::plan_bus(Bus& bus, DramCycles next, bool turns) {
  const DramCycles from = std::max(next, bus.free);
  bus.planned = &nothing_;
  if (bus.columns && active_count_ > 0) {
    bus.planned = &best_active(from);
  }
  DramCycles event = bus.planned->at;
  if (any_blocked_ && bus.rows) {
    event = std::min(event, best_refresh(from).at);
  }
  if (all_blocked_) {
    return event;
  }
  if (turns) {
    return std::min(event, from);
  }
  const Candidate& buffered = best_buffered(bus, from);
  if (buffered.at < bus.planned->at) {
    bus.planned = &buffered;
  }
  return std::min(event, buffered.at);
}

DramCycles CommandController::next_event(DramCycles now) {
  stale_ = false;
  const DramCycles next = now + DramCycles(1);
  interrupt_ = next_interrupt(next);
  DramCycles event = interrupt_;
  if (power_.is_on()) {
    event = std::min(event, next_power_down());
  }
  const bool turns = !all_blocked_ && wanted_direction(next) != direction_;
  planned_ = !any_blocked_ && !turns && !starves(buffer(direction_), next);
  for (Bus& bus : buses()) {
    event = std::min(event, plan_bus(bus, next, turns));
  }
  return std::max(event, next);
}

}  // namespace systole
