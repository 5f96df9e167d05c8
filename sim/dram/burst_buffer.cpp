#include "sim/dram/burst_buffer.h"

#include <algorithm>

namespace systole {
namespace {

/// Links all slots to a list of free ones.
template <class Slots>
void free_all(Slots& slots) {
  for (std::size_t slot = 0; slot + 1 < slots.size(); ++slot) {
    slots[slot].next = static_cast<BurstBuffer::Slot>(slot + 1);
  }
}

}  // namespace

BurstBuffer::BurstBuffer(DramOperation operation, std::size_t capacity, std::size_t banks)
    : operation_(operation),
      bursts_(capacity),
      runs_(capacity),
      free_burst_(0),
      free_run_(0),
      banks_(banks),
      sets_{no_banks(banks), no_banks(banks), no_banks(banks), no_banks(banks)},
      oldest_arrivals_(banks),
      hit_arrivals_(banks) {
  free_all(bursts_);
  free_all(runs_);
}

BurstBuffer::Slot BurstBuffer::first_in_row(Slot from, RowIndex row) const {
  while (from != kNone && run(from).row != row) {
    from = run(from).next;
  }
  return from;
}

void BurstBuffer::update_sets(std::size_t bank, RowIndex open_row) {
  const Bank& runs = banks_[bank];
  const bool waits = runs.oldest != kNone;
  const bool open = open_row != kNoRow;
  put_bank(sets_.waiting, bank, waits);
  put_bank(sets_.closed, bank, waits && !open);
  put_bank(sets_.hits, bank, runs.hit != kNone);
  put_bank(sets_.conflicts, bank, waits && open && runs.hit != runs.oldest);
  if (waits) {
    oldest_arrivals_[bank] = burst(run(runs.oldest).oldest).arrival;
  }
  if (runs.hit != kNone) {
    hit_arrivals_[bank] = burst(run(runs.hit).oldest).arrival;
  }
}

DramCycles BurstBuffer::oldest_arrival() const {
  DramCycles oldest{INT64_MAX};
  for_each_bank(sets_.waiting,
                [&](std::size_t bank) { oldest = std::min(oldest, oldest_arrivals_[bank]); });
  return oldest;
}

bool BurstBuffer::holds(const BurstRequest& request) const {
  for (Slot slot = oldest(request.bank); slot != kNone; slot = run(slot).next) {
    const Run& each = run(slot);
    if (each.row == request.row && each.first_column <= request.column &&
        request.column < each.end_column) {
      return true;
    }
  }
  return false;
}

void BurstBuffer::append_run(Bank& bank, const BurstRequest& request, Slot first) {
  const Slot slot = free_run_;
  free_run_ = run(slot).next;
  run(slot) = {.row = request.row,
               .first_column = request.column,
               .end_column = request.column + 1,
               .oldest = first,
               .youngest = first,
               .previous = bank.youngest};
  (bank.youngest == kNone ? bank.oldest : run(bank.youngest).next) = slot;
  bank.youngest = slot;
}

BurstBuffer::Change BurstBuffer::push(const BurstRequest& request, DramCycles arrival,
                                      RowIndex open_row) {
  const Slot slot = free_burst_;
  free_burst_ = burst(slot).next;
  burst(slot) = {.id = request.id, .arrival = arrival};
  ++size_;
  Bank& bank = banks_[request.bank];
  if (bank.youngest != kNone) {
    Run& last = run(bank.youngest);
    if (last.row == request.row && last.end_column == request.column) {
      burst(last.youngest).next = slot;
      last.youngest = slot;
      ++last.end_column;
      return Change::None;
    }
  }
  append_run(bank, request, slot);
  const bool first = bank.oldest == bank.youngest;
  const bool first_hit = bank.hit == kNone && open_row == request.row;
  if (first_hit) {
    bank.hit = bank.youngest;
  }
  if (first || first_hit) {
    update_sets(request.bank, open_row);
  }
  return first_hit ? Change::Hit : first ? Change::Oldest : Change::None;
}

void BurstBuffer::remove_run(Bank& bank, Slot slot, RowIndex open_row) {
  Run& gone = run(slot);
  (gone.previous == kNone ? bank.oldest : run(gone.previous).next) = gone.next;
  (gone.next == kNone ? bank.youngest : run(gone.next).previous) = gone.previous;
  if (bank.hit == slot) {
    bank.hit = first_in_row(gone.next, open_row);
  }
  gone.next = free_run_;
  free_run_ = slot;
}

BurstBuffer::Taken BurstBuffer::take(std::size_t bank, Slot slot, RowIndex open_row) {
  Run& from = run(slot);
  const Slot gone = from.oldest;
  Taken taken{{burst(gone).id, bank, from.row, from.first_column, operation_},
              burst(gone).arrival,
              from.oldest == from.youngest};
  from.oldest = burst(gone).next;
  ++from.first_column;
  burst(gone).next = free_burst_;
  free_burst_ = gone;
  --size_;
  if (taken.ends_run) {
    remove_run(banks_[bank], slot, open_row);
    update_sets(bank, open_row);
    return taken;
  }
  const DramCycles next = burst(from.oldest).arrival;
  if (slot == banks_[bank].oldest) {
    oldest_arrivals_[bank] = next;
  }
  if (slot == banks_[bank].hit) {
    hit_arrivals_[bank] = next;
  }
  return taken;
}

void BurstBuffer::row_changed(std::size_t bank, RowIndex open_row) {
  if (banks_[bank].oldest == kNone) {
    return;  // nothing waits: the bank is in no set
  }
  banks_[bank].hit = open_row == kNoRow ? kNone : first_in_row(banks_[bank].oldest, open_row);
  update_sets(bank, open_row);
}

}  // namespace systole
