#include <algorithm>
#include <bit>

#include "sim/dram/command_controller.h"

namespace systole {
namespace {

/// An arrival and, above it, a wait in one number: sums of three timings are below 2^22 cycles
/// (read_dram.cpp). The arrival counts from 2^41 cycles ago; no burst waits as long.
constexpr int kArrivalBits = 41;

}  // namespace

/// Finds the command that goes first among many banks: cycle and arrival as one number.
class CommandController::Search {
 public:
  explicit Search(DramCycles from) : from_(from.count()), oldest_(from.count() - kArrivalMask) {}

  /// One command for each bank of `banks` but not of `without`.
  void add(DramCommandKind kind, const DeviceTiming::Earliest& earliest, const DramCycles* arrivals,
           const BankSet& banks, const BankSet* without = nullptr) {
    std::int64_t best = key_;
    std::size_t best_bank = bank_;
    banks.for_each(without, [&](std::size_t bank) {
      const std::int64_t wait = std::max<std::int64_t>(0, earliest.at(bank).count() - from_);
      const std::int64_t key = (wait << kArrivalBits) | (arrivals[bank].count() - oldest_);
      const bool first = key < best;  // no branch: it would often be guessed wrong
      best = first ? key : best;
      best_bank = first ? bank : best_bank;
    });
    kind_ = best < key_ ? kind : kind_;
    key_ = best;
    bank_ = best_bank;
  }

  /// Part by part: see Candidate.
  void store(Plan& plan, bool buffered) const {
    const bool found = key_ != INT64_MAX;
    plan.known = true;
    plan.best.at = found ? DramCycles(from_ + (key_ >> kArrivalBits)) : kNever;
    plan.best.arrival = found ? DramCycles((key_ & kArrivalMask) + oldest_) : kNever;
    plan.best.bank = static_cast<std::uint32_t>(bank_);
    plan.best.kind = kind_;
    plan.best.buffered = buffered;
  }

 private:
  static constexpr std::int64_t kArrivalMask = (std::int64_t{1} << kArrivalBits) - 1;
  std::int64_t from_;
  std::int64_t oldest_;  ///< arrival that is told apart
  std::int64_t key_ = INT64_MAX;
  std::size_t bank_ = 0;
  DramCommandKind kind_ = DramCommandKind::Precharge;
};

void CommandController::search_active(DramCycles from) {
  Search search(from);
  search.add(DramCommandKind::Read, device_.earliest(DramCommandKind::Read),
             active_arrivals_.data(), active_reads_);
  search.add(DramCommandKind::Write, device_.earliest(DramCommandKind::Write),
             active_arrivals_.data(), active_writes_);
  search.store(active_plan_, false);
}

void CommandController::search(Need need, DramCycles from) {
  const BurstBuffer& bursts = buffer(direction_);
  const BurstBuffer::Banks& banks = bursts.banks();
  Search search(from);
  switch (need) {
    case Need::Column:
      search.add(column_of(direction_), device_.earliest(column_of(direction_)),
                 bursts.hit_arrivals(), banks.hits, &blocked_banks_);
      break;
    case Need::Activate:
      search.add(DramCommandKind::Activate, device_.earliest(DramCommandKind::Activate),
                 bursts.oldest_arrivals(), banks.closed, &blocked_banks_);
      break;
    case Need::Precharge:
      search.add(DramCommandKind::Precharge, device_.earliest(DramCommandKind::Precharge),
                 bursts.oldest_arrivals(), banks.conflicts, &not_to_precharge_);
      break;
  }
  search.store(plan(need), true);
}

void CommandController::improve(Candidate& best, DramCycles at, DramCycles arrival,
                                std::size_t bank, DramCommandKind kind) {
  if (at < best.at || (at == best.at && arrival < best.arrival)) {
    best.at = at;
    best.arrival = arrival;
    best.bank = static_cast<std::uint32_t>(bank);
    best.kind = kind;
    stale_ = true;
  }
}

/// The bank's burst has become active.
void CommandController::reconsider_active(std::size_t bank, DramCycles from) {
  if (active_plan_.known) {
    const DramCommandKind kind = column_of(active_[bank].operation);
    improve(active_plan_.best, std::max(from, device_.earliest(kind, bank)), active_arrivals_[bank],
            bank, kind);
    active_plan_.best.buffered = false;
  }
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
  DramCommandKind kind = DramCommandKind::Precharge;
  DramCycles arrival = bursts.oldest_arrivals()[bank];
  switch (need) {
    case Need::Column:
      if (bursts.hit(bank) == BurstBuffer::kNone) {
        return;
      }
      kind = column_of(direction_);
      arrival = bursts.hit_arrivals()[bank];
      break;
    case Need::Activate:
      if (bursts.oldest(bank) == BurstBuffer::kNone) {
        return;
      }
      kind = DramCommandKind::Activate;
      break;
    case Need::Precharge:
      if (bursts.oldest(bank) == bursts.hit(bank) || is_active(bank)) {
        return;
      }
      break;
  }
  improve(kept.best, std::max(from, device_.earliest(kind, bank)), arrival, bank, kind);
  kept.best.buffered = true;
}

/// Of the oldest burst alone; younger bursts in its bank's open row no longer go first.
void CommandController::find_starving(const Bus& bus, DramCycles from, Candidate& best) const {
  const BurstBuffer& bursts = buffer(direction_);
  const DramCycles oldest = bursts.oldest_arrival();
  best = {};
  bursts.banks().waiting.for_each([&](std::size_t bank) {
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
      best = {std::max(from, device_.earliest(kind, bank)), oldest,
              static_cast<std::uint32_t>(bank), kind, true};
    }
  });
}

void CommandController::find_unwanted_row(DramCycles from, Candidate& best) const {
  best = {};
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
    const Candidate candidate{at, kNever, static_cast<std::uint32_t>(bank),
                              DramCommandKind::Precharge};
    best = candidate.is_before(best) ? candidate : best;
  }
}

void CommandController::forget_plans() {
  for (Plan& kept : plans_) {
    kept.known = false;
  }
}

/// Of what a command changes: the cycles of its own kind in other banks (columns, activates;
/// precharges where they keep a distance), and everything in its own bank.
void CommandController::revise_plans(DramCommandKind kind, std::size_t bank, DramCycles now) {
  const DramCycles from = now + DramCycles(1);
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
      reconsider_active(bank, from);
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
    case DramCommandKind::PowerDown:
    case DramCommandKind::PowerUp:
      forget_plans();
      break;
  }
}

}  // namespace systole
