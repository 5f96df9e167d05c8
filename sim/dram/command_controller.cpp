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
           const std::vector<std::uint64_t>& banks, const std::vector<std::uint64_t>& without) {
    for (std::size_t word = 0; word < banks.size(); ++word) {
      for (std::uint64_t bits = banks[word] & ~without[word]; bits != 0; bits &= bits - 1) {
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
            bank_, true};
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
      active_banks_((device_.banks() + kWordBits - 1) / kWordBits),
      blocked_banks_(active_banks_.size()),
      not_to_precharge_(active_banks_.size()),
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
    completions_.push_back({request.id, request.operation, now, now + DramCycles(1)});
    return true;
  }
  BurstBuffer& target = buffer(request.operation);
  if (!target.has_room()) {
    return false;
  }
  const BurstBuffer::Slot slot = target.push(request, now, device_.open_row(request.bank));
  if (refresh_.owes_any()) {
    update_blocked();
  }
  const bool matters = target.oldest(request.bank) == slot || target.hit(request.bank) == slot;
  for (Bus& bus : buses_) {
    if (spec_.page_policy != PagePolicy::Open) {
      bus.buffered_known = false;
    } else if (bus.buffered_known && request.operation == direction_ && matters &&
               !is_blocked(request.bank)) {
      const Candidate candidate = best_of_bank(bus, request.bank, std::max(now, bus.free));
      if (candidate.is_before(bus.buffered)) {
        bus.buffered = candidate;
      }
      if (spec_.starvation_limit > DramCycles(0)) {
        bus.valid_until = std::min(bus.valid_until, now + spec_.starvation_limit);
      }
    }
  }
  return true;
}

CommandController::Candidate CommandController::best_active(DramCycles from) const {
  Candidate best;
  for_each_bit(active_banks_, [&](std::size_t bank) {
    const Active& active = active_[bank];
    const DramCommandKind kind = column_of(active.request.operation);
    const Candidate candidate{std::max(from, device_.earliest(kind, bank)), active.arrival, kind,
                              bank};
    if (candidate.is_before(best)) {
      best = candidate;
    }
  });
  return best;
}

CommandController::Candidate CommandController::best_of_bank(const Bus& bus, std::size_t bank,
                                                             DramCycles from) const {
  const BurstBuffer& bursts = buffer(direction_);
  const BurstBuffer::Slot head = bursts.oldest(bank);
  const auto candidate = [&](DramCommandKind kind, BurstBuffer::Slot slot) {
    return Candidate{std::max(from, device_.earliest(kind, bank)), bursts.at(slot).arrival, kind,
                     bank, true};
  };
  if (device_.open_row(bank) == kNoRow) {
    return bus.rows ? candidate(DramCommandKind::Activate, head) : Candidate{};
  }
  Candidate best;
  const BurstBuffer::Slot hit = bursts.hit(bank);
  if (hit != BurstBuffer::kNone && bus.columns) {
    best = candidate(column_of(direction_), hit);
  }
  if (hit != head && bus.rows && !is_active(bank)) {
    const Candidate precharge = candidate(DramCommandKind::Precharge, head);
    best = precharge.is_before(best) ? precharge : best;
  }
  return best;
}

DramCycles CommandController::oldest_arrival(const BurstBuffer& bursts) const {
  DramCycles oldest = kNever;
  for_each_bit(bursts.banks().waiting, [&](std::size_t bank) {
    oldest = std::min(oldest, bursts.oldest_arrivals()[bank]);
  });
  return oldest;
}

/// Of the oldest burst alone; younger bursts in its bank's open row no longer go first.
CommandController::Candidate CommandController::best_of_starving(const Bus& bus, DramCycles oldest,
                                                                 DramCycles from) const {
  const BurstBuffer& bursts = buffer(direction_);
  Candidate best;
  for_each_bit(bursts.banks().waiting, [&](std::size_t bank) {
    if (bursts.oldest_arrivals()[bank] != oldest || is_blocked(bank)) {
      return;
    }
    const bool conflicts =
        device_.open_row(bank) != kNoRow && bursts.hit(bank) != bursts.oldest(bank);
    if (!conflicts) {
      best = best_of_bank(bus, bank, from);
    } else if (bus.rows && !is_active(bank)) {
      best = {std::max(from, device_.earliest(DramCommandKind::Precharge, bank)), oldest,
              DramCommandKind::Precharge, bank, true};
    }
  });
  return best;
}

CommandController::Candidate CommandController::best_buffered(Bus& bus, DramCycles from) const {
  const BurstBuffer& bursts = buffer(direction_);
  bus.valid_until = kNever;
  if (spec_.starvation_limit > DramCycles(0) && bursts.size() > 0) {
    const DramCycles oldest = oldest_arrival(bursts);
    if (from > oldest + spec_.starvation_limit) {
      return best_of_starving(bus, oldest, from);
    }
    bus.valid_until = oldest + spec_.starvation_limit;
  }
  Search search(from);
  const BurstBuffer::Banks& banks = bursts.banks();
  if (bus.columns) {
    const DramCommandKind kind = column_of(direction_);
    search.add(kind, device_.earliest(kind), bursts.hit_arrivals(), banks.hits, blocked_banks_);
  }
  if (bus.rows) {
    search.add(DramCommandKind::Activate, device_.earliest(DramCommandKind::Activate),
               bursts.oldest_arrivals(), banks.closed, blocked_banks_);
    search.add(DramCommandKind::Precharge, device_.earliest(DramCommandKind::Precharge),
               bursts.oldest_arrivals(), banks.conflicts, not_to_precharge_);
  }
  const Candidate best = search.best();
  if (bus.rows && spec_.page_policy != PagePolicy::Open) {
    const Candidate unwanted = best_unwanted_row(from);
    return unwanted.is_before(best) ? unwanted : best;
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
  for (std::size_t word = 0; word < active_banks_.size(); ++word) {
    not_to_precharge_[word] = active_banks_[word] | blocked_banks_[word];
  }
  for (Bus& bus : buses_) {
    bus.buffered_known = false;
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
  const bool starves = spec_.starvation_limit > DramCycles(0) && reads_.size() > 0 &&
                       now - oldest_arrival(reads_) > spec_.starvation_limit;
  return next_direction(direction_, fill(reads_), fill(writes_), starves, spec_);
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
    if (!bus.active_known) {
      bus.active = best_active(now);
      bus.active_known = true;
    }
    if (bus.active.at <= now) {
      issue(bus, bus.active, now);
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
    for (Bus& other : buses_) {
      other.buffered_known = false;
    }
  }
  if (!bus.buffered_known || now > bus.valid_until) {
    bus.buffered = best_buffered(bus, now);
    bus.buffered_known = true;
  }
  if (bus.buffered.at <= now) {
    issue(bus, bus.buffered, now);
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
      const Active active = active_[command.bank];
      set_active(command.bank, false);
      complete(active.request, active.arrival, now);
      send(bus, command.kind, command.bank, active.request.row, now);
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
      active_[bank] = {entry.request, entry.arrival};
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
  if (refresh_.owes_any() || any_blocked_) {
    update_blocked();
  }
}

void CommandController::set_active(std::size_t bank, bool active) {
  const std::size_t word = bank / kWordBits;
  const std::uint64_t bit = std::uint64_t{1} << bank % kWordBits;
  active_banks_[word] = active ? active_banks_[word] | bit : active_banks_[word] & ~bit;
  not_to_precharge_[word] = active_banks_[word] | blocked_banks_[word];
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
  forget_plans();
  if (observer_) {
    observer_({kind, now, channel_, static_cast<BankIndex>(bank), row});
  }
}

void CommandController::forget_plans() {
  for (Bus& bus : buses_) {
    bus.active_known = false;
    bus.buffered_known = false;
  }
}

DramCycles CommandController::next_event(DramCycles now) {
  const DramCycles next = now + DramCycles(1);
  DramCycles event = refresh_.next_due();
  if (spec_.starvation_limit > DramCycles(0) && direction_ == DramOperation::Write &&
      reads_.size() > 0) {
    event = std::min(event, oldest_arrival(reads_) + spec_.starvation_limit + DramCycles(1));
  }
  const bool turns = !all_blocked_ && wanted_direction(next) != direction_;
  for (Bus& bus : buses_) {
    const DramCycles from = std::max(next, bus.free);
    if (bus.columns && active_count_ > 0) {
      if (!bus.active_known) {
        bus.active = best_active(from);
        bus.active_known = true;
      }
      event = std::min(event, bus.active.at);
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
    if (!bus.buffered_known) {
      bus.buffered = best_buffered(bus, from);
      bus.buffered_known = true;
    }
    event = std::min({event, bus.buffered.at,
                      bus.valid_until == kNever ? kNever : bus.valid_until + DramCycles(1)});
  }
  return std::max(event, next);
}

}  // namespace systole
