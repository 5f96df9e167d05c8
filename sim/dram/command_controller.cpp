#include "sim/dram/command_controller.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "sim/dram/write_drain.h"

namespace systole {
namespace {

constexpr std::size_t kWordBits = 64;

std::size_t entries(const DramStandard& standard, std::int64_t per_pseudo_channel) {
  return static_cast<std::size_t>(per_pseudo_channel * standard.organization.pseudo_channels);
}

constexpr DramCommandKind column_of(DramOperation operation) {
  return operation == DramOperation::Read ? DramCommandKind::Read : DramCommandKind::Write;
}

/// Gaps are below 2^20 cycles (read_dram.cpp), times below 2^43.
constexpr int kArrivalBits = 43;

/// Calls `visit(index)` for every bit set.
template <class Visit>
void for_each_bit(const std::vector<std::uint64_t>& words, const Visit& visit) {
  for (std::size_t word = 0; word < words.size(); ++word) {
    for (std::uint64_t bits = words[word]; bits != 0; bits &= bits - 1) {
      visit(word * kWordBits + static_cast<std::size_t>(std::countr_zero(bits)));
    }
  }
}

}  // namespace

/// Finds the command that goes first among many banks: cycle and arrival as one number.
class CommandController::Search {
 public:
  explicit Search(DramCycles from) : from_(from.count()) {}

  /// One command for each bank of `banks & ~without`.
  void add(DramCommandKind kind, const DeviceTiming::Earliest& earliest, const DramCycles* arrivals,
           const std::vector<std::uint64_t>& banks,
           const std::vector<std::uint64_t>& without = {}) {
    for (std::size_t word = 0; word < banks.size(); ++word) {
      const std::uint64_t except = without.empty() ? 0 : without[word];
      for (std::uint64_t bits = banks[word] & ~except; bits != 0; bits &= bits - 1) {
        const std::size_t bank =
            word * kWordBits + static_cast<std::size_t>(std::countr_zero(bits));
        const std::int64_t wait = std::max<std::int64_t>(0, earliest.at(bank).count() - from_);
        const std::int64_t key = (wait << kArrivalBits) | arrivals[bank].count();
        if (key < key_) {
          key_ = key;
          bank_ = bank;
          kind_ = kind;
        }
      }
    }
  }

  [[nodiscard]] Candidate best() const {
    if (key_ == INT64_MAX) {
      return {};
    }
    constexpr std::int64_t kArrivalMask = (std::int64_t{1} << kArrivalBits) - 1;
    return {DramCycles(from_ + (key_ >> kArrivalBits)), DramCycles(key_ & kArrivalMask), kind_,
            bank_};
  }

 private:
  std::int64_t from_;
  std::int64_t key_ = INT64_MAX;
  std::size_t bank_ = 0;
  DramCommandKind kind_ = DramCommandKind::Precharge;
};

CommandController::CommandController(const DramStandard& standard, const DramControllerSpec& spec,
                                     ChannelIndex channel, DramCommandObserver observer)
    : spec_(spec),
      timing_(standard.timing),
      lengths_(standard.bus),
      device_(standard, spec.rank_turnaround),
      refresh_(standard, spec),
      reads_(entries(standard, spec.read_entries), device_.banks()),
      writes_(entries(standard, spec.write_entries), device_.banks()),
      active_(device_.banks()),
      active_arrivals_(device_.banks()),
      active_reads_((device_.banks() + kWordBits - 1) / kWordBits),
      active_writes_(active_reads_.size()),
      blocked_banks_(active_reads_.size()),
      not_to_precharge_(active_reads_.size()),
      precharged_for_row_(device_.banks()),
      last_column_(device_.banks()),
      channel_(channel),
      observer_(std::move(observer)) {
  if (standard.bus.split) {
    buses_ = {Bus{.columns = true, .rows = false}, Bus{.columns = false, .rows = true}};
  } else {
    buses_ = {Bus{}};
  }
}

bool CommandController::offer(const BurstRequest& request, DramCycles now) {
  if (writes_.size() > 0 && writes_.holds(request)) {
    ++(request.operation == DramOperation::Read ? counts_.forwarded : counts_.merged);
    completions_.push_back({request.id, request.operation, now, now + DramCycles(1), true});
    return true;
  }
  BurstBuffer& target = buffer(request.operation);
  if (!target.has_room()) {
    return false;
  }
  const RowIndex open_row = device_.open_row(request.bank);
  const BurstBuffer::Slot slot = target.push(request, now, open_row);
  if (refresh_.owes_any()) {
    update_blocked();
  }
  if (spec_.page_policy != PagePolicy::Open) {
    forget_buffered();  // a row may be wanted now
  }
  if (request.operation == direction_) {
    if (target.hit(request.bank) == slot) {
      reconsider(Need::Column, request.bank, now);
    } else if (target.oldest(request.bank) == slot) {
      reconsider(open_row == kNoRow ? Need::Activate : Need::Precharge, request.bank, now);
    }
  }
  return true;
}

const CommandController::Candidate& CommandController::best_active(DramCycles from) {
  if (!active_plan_.known || active_plan_.best.at < from) {
    Search search(from);
    search.add(DramCommandKind::Read, device_.earliest(DramCommandKind::Read),
               active_arrivals_.data(), active_reads_);
    search.add(DramCommandKind::Write, device_.earliest(DramCommandKind::Write),
               active_arrivals_.data(), active_writes_);
    active_plan_ = {true, search.best()};
  }
  return active_plan_.best;
}

const CommandController::Candidate& CommandController::best_of(Need need, DramCycles from) {
  Plan& kept = plan(need);
  if (kept.known && kept.best.at >= from) {
    return kept.best;
  }
  const BurstBuffer& bursts = buffer(direction_);
  const BurstBuffer::Banks& banks = bursts.banks();
  Search search(from);
  switch (need) {
    case Need::Column:
      search.add(column_of(direction_), device_.earliest(column_of(direction_)),
                 bursts.hit_arrivals(), banks.hits, blocked_banks_);
      break;
    case Need::Activate:
      search.add(DramCommandKind::Activate, device_.earliest(DramCommandKind::Activate),
                 bursts.oldest_arrivals(), banks.closed, blocked_banks_);
      break;
    case Need::Precharge:
      search.add(DramCommandKind::Precharge, device_.earliest(DramCommandKind::Precharge),
                 bursts.oldest_arrivals(), banks.conflicts, not_to_precharge_);
      break;
  }
  kept = {true, search.best()};
  kept.best.buffered = true;
  return kept.best;
}

/// The command that `bank` needs may have become the best of its kind.
void CommandController::reconsider(Need need, std::size_t bank, DramCycles from) {
  Plan& kept = plan(need);
  if (!kept.known || is_blocked(bank)) {
    return;
  }
  const BurstBuffer& bursts = buffer(direction_);
  Candidate candidate{.bank = bank, .buffered = true};
  switch (need) {
    case Need::Column:
      if (bursts.hit(bank) == BurstBuffer::kNone) {
        return;
      }
      candidate.kind = column_of(direction_);
      candidate.arrival = bursts.hit_arrivals()[bank];
      break;
    case Need::Activate:
      if (bursts.oldest(bank) == BurstBuffer::kNone) {
        return;
      }
      candidate.kind = DramCommandKind::Activate;
      candidate.arrival = bursts.oldest_arrivals()[bank];
      break;
    case Need::Precharge:
      if (bursts.oldest(bank) == bursts.hit(bank) || is_active(bank)) {
        return;
      }
      candidate.kind = DramCommandKind::Precharge;
      candidate.arrival = bursts.oldest_arrivals()[bank];
      break;
  }
  candidate.at = std::max(from, device_.earliest(candidate.kind, bank));
  if (candidate.is_before(kept.best)) {
    kept.best = candidate;
    forget_buffered();
  }
}

/// Of the oldest burst alone; younger bursts in its bank's open row no longer go first.
CommandController::Candidate CommandController::best_of_starving(const Bus& bus,
                                                                 DramCycles from) const {
  const BurstBuffer& bursts = buffer(direction_);
  const DramCycles oldest = bursts.oldest_arrival();
  Candidate best;
  for_each_bit(bursts.banks().waiting, [&](std::size_t bank) {
    if (bursts.oldest_arrivals()[bank] != oldest || is_blocked(bank)) {
      return;
    }
    const bool closed = device_.open_row(bank) == kNoRow;
    const bool hits = bursts.hit(bank) == bursts.oldest(bank);
    const DramCommandKind kind = closed ? DramCommandKind::Activate
                                 : hits ? column_of(direction_)
                                        : DramCommandKind::Precharge;
    const bool carried = hits && !closed ? bus.columns : bus.rows;
    if (carried && (closed || hits || !is_active(bank))) {
      best = {std::max(from, device_.earliest(kind, bank)), oldest, kind, bank, true};
    }
  });
  return best;
}

const CommandController::Candidate& CommandController::best_buffered(Bus& bus, DramCycles from) {
  const bool steady = spec_.starvation_limit == DramCycles(0);
  if (!bus.buffered_known || !steady || bus.buffered.at < from) {
    bus.buffered = search_buffered(bus, from);
    bus.buffered_known = true;
  }
  return bus.buffered;
}

CommandController::Candidate CommandController::search_buffered(const Bus& bus, DramCycles from) {
  if (starves(buffer(direction_), from)) {
    return best_of_starving(bus, from);
  }
  Candidate best;
  if (bus.columns) {
    best = best_of(Need::Column, from);
  }
  if (bus.rows) {
    for (const Need need : {Need::Activate, Need::Precharge}) {
      const Candidate& candidate = best_of(need, from);
      best = candidate.is_before(best) ? candidate : best;
    }
    if (spec_.page_policy != PagePolicy::Open) {
      const Candidate unwanted = best_unwanted_row(from);
      best = unwanted.is_before(best) ? unwanted : best;
    }
  }
  return best;
}

CommandController::Candidate CommandController::best_unwanted_row(DramCycles from) const {
  Candidate best;
  for (std::size_t bank = 0; bank < device_.banks(); ++bank) {
    if (device_.open_row(bank) == kNoRow || is_active(bank) ||
        reads_.hit(bank) != BurstBuffer::kNone || writes_.hit(bank) != BurstBuffer::kNone ||
        is_blocked(bank)) {
      continue;
    }
    DramCycles at = std::max(from, device_.earliest(DramCommandKind::Precharge, bank));
    if (spec_.page_policy == PagePolicy::Timeout) {
      at = std::max(at, last_column_[bank] + spec_.page_timeout);
    }
    const Candidate candidate{at, kNever, DramCommandKind::Precharge, bank};
    best = candidate.is_before(best) ? candidate : best;
  }
  return best;
}

bool CommandController::bank_is_idle(std::size_t bank) const {
  return !is_active(bank) && reads_.oldest(bank) == BurstBuffer::kNone &&
         writes_.oldest(bank) == BurstBuffer::kNone;
}

bool CommandController::rank_is_idle(std::size_t rank) const {
  const std::size_t first = rank * device_.banks_per_rank();
  for (std::size_t bank = first; bank < first + device_.banks_per_rank(); ++bank) {
    if (!bank_is_idle(bank)) {
      return false;
    }
  }
  return true;
}

bool CommandController::refresh_pending(std::size_t rank) const {
  if (!refresh_.owes(rank)) {
    return false;
  }
  return refresh_.is_forced(rank) ||
         (refresh_.per_bank()
              ? bank_is_idle(rank * device_.banks_per_rank() + refresh_.bank_in_turn(rank))
              : rank_is_idle(rank));
}

void CommandController::update_blocked() {
  const std::vector<std::uint64_t> before = blocked_banks_;
  std::fill(blocked_banks_.begin(), blocked_banks_.end(), 0);
  any_blocked_ = false;
  const bool whole_channel = spec_.refresh_blocks == RefreshBlocks::Channel;
  for (std::size_t rank = 0; rank < device_.ranks(); ++rank) {
    if (!refresh_pending(rank)) {
      continue;
    }
    any_blocked_ = true;
    const std::size_t first_of_rank = rank * device_.banks_per_rank();
    std::size_t first = first_of_rank;
    std::size_t end = first + device_.banks_per_rank();
    if (whole_channel) {
      first = 0;
      end = device_.banks();
    } else if (refresh_.per_bank()) {
      first = first_of_rank + refresh_.bank_in_turn(rank);
      end = first + 1;
    }
    for (std::size_t bank = first; bank < end; ++bank) {
      blocked_banks_[bank / kWordBits] |= std::uint64_t{1} << bank % kWordBits;
    }
  }
  all_blocked_ = any_blocked_ && whole_channel;
  for (std::size_t word = 0; word < active_reads_.size(); ++word) {
    not_to_precharge_[word] = active_reads_[word] | active_writes_[word] | blocked_banks_[word];
  }
  if (blocked_banks_ != before) {
    forget_plans();
  }
}

CommandController::Candidate CommandController::refresh_of(std::size_t rank) const {
  const std::size_t first = rank * device_.banks_per_rank();
  if (refresh_.per_bank()) {
    const std::size_t bank = first + refresh_.bank_in_turn(rank);
    if (is_active(bank)) {
      return {};
    }
    const bool open = device_.open_row(bank) != kNoRow;
    const DramCommandKind kind = open ? DramCommandKind::Precharge : DramCommandKind::RefreshBank;
    return {device_.earliest(kind, bank), kNever, kind, bank};
  }
  for (std::size_t bank = first; bank < first + device_.banks_per_rank(); ++bank) {
    if (is_active(bank)) {
      return {};
    }
  }
  if (device_.open_banks(rank) > 0) {
    return {device_.earliest_precharge_all(rank), kNever, DramCommandKind::PrechargeAll, first};
  }
  return {device_.earliest_refresh(rank), kNever, DramCommandKind::Refresh, first};
}

CommandController::Candidate CommandController::best_refresh(DramCycles from) const {
  Candidate best;
  for (std::size_t rank = 0; rank < device_.ranks(); ++rank) {
    if (refresh_pending(rank)) {
      Candidate candidate = refresh_of(rank);
      candidate.at = std::max(from, candidate.at);
      best = candidate.is_before(best) ? candidate : best;
    }
  }
  return best;
}

DramOperation CommandController::wanted_direction(DramCycles now) const {
  const auto fill = [](const BurstBuffer& bursts) {
    return Fill{static_cast<std::int64_t>(bursts.size()),
                static_cast<std::int64_t>(bursts.capacity())};
  };
  return next_direction(direction_, fill(reads_), fill(writes_), starves(reads_, now), spec_);
}

void CommandController::step(DramCycles now) {
  if (refresh_.advance(now)) {
    update_blocked();
  }
  for (Bus& bus : buses_) {
    if (bus.free <= now) {
      issue_on(bus, now);
    }
  }
}

void CommandController::issue_on(Bus& bus, DramCycles now) {
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

void CommandController::issue(Bus& bus, const Candidate& planned, DramCycles now) {
  const Candidate command = planned;  // the plan itself is about to be forgotten
  if (command.buffered) {
    issue_buffered(bus, command, now);
    return;
  }
  switch (command.kind) {
    case DramCommandKind::Read:
    case DramCommandKind::Write: {
      const BurstRequest& active = active_[command.bank];
      set_active(command.bank, false);
      complete(active, active_arrivals_[command.bank], now);
      send(bus, command.kind, command.bank, active.row, now);
      break;
    }
    case DramCommandKind::Precharge:
      precharged_for_row_[command.bank] = false;
      send(bus, command.kind, command.bank, kNoRow, now);
      reads_.row_changed(command.bank, kNoRow);
      writes_.row_changed(command.bank, kNoRow);
      break;
    case DramCommandKind::PrechargeAll:
      send(bus, command.kind, command.bank, kNoRow, now);
      for (std::size_t bank = command.bank; bank < command.bank + device_.banks_per_rank();
           ++bank) {
        precharged_for_row_[bank] = false;
        reads_.row_changed(bank, kNoRow);
        writes_.row_changed(bank, kNoRow);
      }
      break;
    case DramCommandKind::Refresh:
    case DramCommandKind::RefreshBank:
      send(bus, command.kind, command.bank, kNoRow, now);
      refresh_.refreshed(device_.rank_of(command.bank));
      break;
    case DramCommandKind::Activate:
      break;  // always of a buffered burst
  }
  revise_plans(command.kind, command.bank, now);
  if (refresh_.owes_any() || any_blocked_) {
    update_blocked();
  }
}

void CommandController::issue_buffered(Bus& bus, const Candidate& command, DramCycles now) {
  BurstBuffer& bursts = buffer(direction_);
  const std::size_t bank = command.bank;
  const bool column = command.kind == column_of(direction_);
  const BurstBuffer::Slot slot = column ? bursts.hit(bank) : bursts.oldest(bank);
  const BurstBuffer::Entry entry = bursts.at(slot);
  switch (command.kind) {
    case DramCommandKind::Precharge:
      precharged_for_row_[bank] = true;
      send(bus, command.kind, bank, entry.request.row, now);
      reads_.row_changed(bank, kNoRow);
      writes_.row_changed(bank, kNoRow);
      break;
    case DramCommandKind::Activate:
      ++(precharged_for_row_[bank] ? counts_.row_conflicts : counts_.row_misses);
      precharged_for_row_[bank] = false;
      send(bus, command.kind, bank, entry.request.row, now);
      bursts.remove(slot, kNoRow);
      active_[bank] = entry.request;
      active_arrivals_[bank] = entry.arrival;
      set_active(bank, true);
      reads_.row_changed(bank, entry.request.row);
      writes_.row_changed(bank, entry.request.row);
      break;
    default:
      bursts.remove(slot, entry.request.row);
      complete(entry.request, entry.arrival, now);
      send(bus, command.kind, bank, entry.request.row, now);
      break;
  }
  revise_plans(command.kind, bank, now);
  if (refresh_.owes_any() || any_blocked_) {
    update_blocked();
  }
}

void CommandController::set_active(std::size_t bank, bool active) {
  const std::size_t word = bank / kWordBits;
  const std::uint64_t bit = std::uint64_t{1} << bank % kWordBits;
  const bool reads = active_[bank].operation == DramOperation::Read;
  std::uint64_t& of_operation = (reads ? active_reads_ : active_writes_)[word];
  of_operation = active ? of_operation | bit : of_operation & ~bit;
  not_to_precharge_[word] = active_reads_[word] | active_writes_[word] | blocked_banks_[word];
  active_count_ += active ? 1 : -1;
}

void CommandController::complete(const BurstRequest& request, DramCycles arrival, DramCycles now) {
  const bool reads = request.operation == DramOperation::Read;
  const DramCycles at = reads ? now + timing_.nCL + timing_.nBL : now;
  completions_.push_back({request.id, request.operation, arrival, at});
  last_column_[request.bank] = now;
}

void CommandController::send(Bus& bus, DramCommandKind kind, std::size_t bank, RowIndex row,
                             DramCycles now) {
  if (kind == DramCommandKind::PrechargeAll) {
    counts_.rows_closed += static_cast<std::int64_t>(device_.open_banks(device_.rank_of(bank)));
  } else if (kind == DramCommandKind::Precharge) {
    ++counts_.rows_closed;
  }
  device_.issue(kind, bank, row, now);
  ++counts_.commands[static_cast<std::size_t>(kind)];
  const bool column = kind == DramCommandKind::Read || kind == DramCommandKind::Write;
  const bool refreshes = kind == DramCommandKind::Refresh || kind == DramCommandKind::RefreshBank;
  const DramCycles row_length = kind == DramCommandKind::Activate ? lengths_.activate
                                : refreshes                       ? lengths_.refresh
                                                                  : lengths_.precharge;
  bus.free = now + (column ? lengths_.column : row_length);
  if (observer_) {
    observer_({kind, now, channel_, static_cast<BankIndex>(bank), row});
  }
}

void CommandController::forget_plans() {
  for (Plan& kept : plans_) {
    kept.known = false;
  }
  forget_buffered();
}

void CommandController::forget_buffered() {
  for (Bus& bus : buses_) {
    bus.buffered_known = false;
  }
}

/// Of what a command changes: the cycles of its own kind in other banks (columns, activates;
/// precharges where they keep a distance), and everything in its own bank.
void CommandController::revise_plans(DramCommandKind kind, std::size_t bank, DramCycles now) {
  const DramCycles from = now + DramCycles(1);
  forget_buffered();
  switch (kind) {
    case DramCommandKind::Read:
    case DramCommandKind::Write:
      active_plan_.known = false;
      plan(Need::Column).known = false;
      if (plan(Need::Precharge).best.bank == bank) {
        plan(Need::Precharge).known = false;
      } else if (device_.open_row(bank) != kNoRow) {
        reconsider(Need::Precharge, bank, from);
      }
      break;
    case DramCommandKind::Activate:
      active_plan_.known = false;
      plan(Need::Activate).known = false;
      reconsider(Need::Column, bank, from);
      break;
    case DramCommandKind::Precharge:
      plan(Need::Precharge).known = false;
      if (plan(Need::Column).best.bank == bank) {
        plan(Need::Column).known = false;
      }
      reconsider(Need::Activate, bank, from);
      break;
    case DramCommandKind::PrechargeAll:
    case DramCommandKind::Refresh:
    case DramCommandKind::RefreshBank:
      forget_plans();
      break;
  }
}

DramCycles CommandController::next_event(DramCycles now) {
  const DramCycles next = now + DramCycles(1);
  DramCycles event = refresh_.next_due();
  for (const BurstBuffer* bursts : {&reads_, &writes_}) {
    if (spec_.starvation_limit > DramCycles(0) && bursts->size() > 0 && !starves(*bursts, now)) {
      event = std::min(event, bursts->oldest_arrival() + spec_.starvation_limit + DramCycles(1));
    }
  }
  const bool turns = !all_blocked_ && wanted_direction(next) != direction_;
  for (Bus& bus : buses_) {
    const DramCycles from = std::max(next, bus.free);
    if (bus.columns && active_count_ > 0) {
      event = std::min(event, best_active(from).at);
    }
    if (any_blocked_ && bus.rows) {
      event = std::min(event, best_refresh(from).at);
    }
    if (all_blocked_) {
      continue;
    }
    if (turns) {
      event = std::min(event, from);
      continue;
    }
    event = std::min(event, best_buffered(bus, from).at);
  }
  return std::max(event, next);
}

}  // namespace systole
