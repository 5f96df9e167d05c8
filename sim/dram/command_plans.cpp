#include <algorithm>
#include <bit>

#include "sim/dram/command_controller.h"

namespace systole {
namespace {

/// An arrival and, above it, a wait in one number. Sums of three timings are below 2^22 cycles
/// (read_dram.cpp), times below 2^41 (trace_file.h).
constexpr int kArrivalBits = 41;

}  // namespace

/// Finds the command that goes first among many banks: cycle and arrival as one number.
class CommandController::Search {
 public:
  explicit Search(DramCycles from) : from_(from.count()) {}

  /// One command for each bank of `banks & ~without`.
  void add(DramCommandKind kind, const DeviceTiming::Earliest& earliest, const DramCycles* arrivals,
           const BankSet& banks, const BankSet& without = {}) {
    for (std::size_t word = 0; word < banks.size(); ++word) {
      const std::uint64_t except = without.empty() ? 0 : without[word];
      for (std::uint64_t bits = banks[word] & ~except; bits != 0; bits &= bits - 1) {
        const std::size_t bank =
            word * kBankSetBits + static_cast<std::size_t>(std::countr_zero(bits));
        const std::int64_t wait = std::max<std::int64_t>(0, earliest.at(bank).count() - from_);
        const std::int64_t key = (wait << kArrivalBits) | arrivals[bank].count();
        const bool first = key < key_;  // no branch: it would often be guessed wrong
        key_ = first ? key : key_;
        bank_ = first ? bank : bank_;
        kind_ = first ? kind : kind_;
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
  if (!kept.known) {
    stale_ = true;
    return;
  }
  if (is_blocked(bank)) {
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
    stale_ = true;
  }
}

/// Of the oldest burst alone; younger bursts in its bank's open row no longer go first.
CommandController::Candidate CommandController::best_of_starving(const Bus& bus,
                                                                 DramCycles from) const {
  const BurstBuffer& bursts = buffer(direction_);
  const DramCycles oldest = bursts.oldest_arrival();
  Candidate best;
  for_each_bank(bursts.banks().waiting, [&](std::size_t bank) {
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

}  // namespace systole
