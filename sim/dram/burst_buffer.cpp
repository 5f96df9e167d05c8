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
      capacity_(capacity),
      series_(capacity + 1),
      runs_(capacity + 1),
      free_series_(0),
      free_run_(0),
      banks_(banks),
      sets_{BankSet(banks), BankSet(banks), BankSet(banks), BankSet(banks)},
      oldest_arrivals_(banks),
      hit_arrivals_(banks) {
  free_all(series_);
  free_all(runs_);
}

BurstBuffer::Slot BurstBuffer::first_in_row(Slot from, RowIndex row) const {
  while (from != kNone && run(from).row != row) {
    from = run(from).next;
  }
  return from;
}

void BurstBuffer::update_sets(std::size_t bank, RowIndex open_row) {
  const Bank runs = banks_[bank];
  const bool waits = runs.oldest != kNone;
  const bool open = open_row != kNoRow;
  sets_.waiting.put(bank, waits);
  sets_.closed.put(bank, waits && !open);
  sets_.hits.put(bank, runs.hit != kNone);
  sets_.conflicts.put(bank, waits && open && runs.hit != runs.oldest);
  if (waits) {
    oldest_arrivals_[bank] = series(run(runs.oldest).oldest).arrival;
  }
  if (runs.hit != kNone) {
    hit_arrivals_[bank] = series(run(runs.hit).oldest).arrival;
  }
}

DramCycles BurstBuffer::oldest_arrival() const {
  DramCycles oldest{INT64_MAX};
  sets_.waiting.for_each(
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

BurstBuffer::Slot BurstBuffer::new_series(const BurstSeries& added) {
  const Slot slot = free_series_;
  Series& fresh = series(slot);
  free_series_ = fresh.next;
  static_cast<BurstSeries&>(fresh) = added;
  fresh.next = kNone;
  return slot;
}

void BurstBuffer::append_series(Run& to, const BurstSeries& added) {
  BurstSeries& last = series(to.youngest);
  const std::int64_t id_step = added.id - last.id;
  const DramCycles arrival_step = added.arrival - last.arrival;
  if (last.bursts == 1 &&
      (added.bursts == 1 || (added.id_step == id_step && added.arrival_step == arrival_step))) {
    last.id_step = id_step;
    last.arrival_step = arrival_step;
    last.bursts += added.bursts;
    return;
  }
  const bool fits_on =
      id_step == last.id_step * last.bursts && arrival_step == last.arrival_step * last.bursts;
  if (last.bursts > 1 && fits_on &&
      (added.bursts == 1 ||
       (added.id_step == last.id_step && added.arrival_step == last.arrival_step))) {
    last.bursts += added.bursts;
    return;
  }
  const Slot slot = new_series(added);
  series(to.youngest).next = slot;
  to.youngest = slot;
}

void BurstBuffer::append_run(Bank& bank, const BurstRequest& first, const BurstSeries& added) {
  const Slot slot = free_run_;
  free_run_ = run(slot).next;
  Run& fresh = run(slot);
  fresh.row = first.row;
  fresh.first_column = first.column;
  fresh.end_column = first.column + added.bursts;
  fresh.oldest = fresh.youngest = new_series(added);
  fresh.next = kNone;
  fresh.previous = bank.youngest;
  (bank.youngest == kNone ? bank.oldest : run(bank.youngest).next) = slot;
  bank.youngest = slot;
}

BurstBuffer::Change BurstBuffer::push_series(const BurstRequest& first, const BurstSeries& added,
                                             RowIndex open_row) {
  size_ += static_cast<std::size_t>(added.bursts);
  Bank& bank = banks_[first.bank];
  if (bank.youngest != kNone && continues(bank.youngest, first)) {
    Run& last = run(bank.youngest);
    last.end_column += added.bursts;
    append_series(last, added);
    return Change::None;
  }
  append_run(bank, first, added);
  const bool oldest = bank.oldest == bank.youngest;
  const bool hits = bank.hit == kNone && open_row == first.row;
  if (hits) {
    bank.hit = bank.youngest;
  }
  if (oldest || hits) {
    update_sets(first.bank, open_row);
  }
  return hits ? Change::Hit : oldest ? Change::Oldest : Change::None;
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

/// Of the oldest series of the run, which has as many.
void BurstBuffer::drop_series(Run& from, std::int64_t bursts) {
  Series& oldest = series(from.oldest);
  oldest.id += oldest.id_step * bursts;
  oldest.arrival += oldest.arrival_step * bursts;
  oldest.bursts -= bursts;
  from.first_column += bursts;
  size_ -= static_cast<std::size_t>(bursts);
  if (oldest.bursts == 0) {
    const Slot gone = from.oldest;
    from.oldest = oldest.next;
    series(gone).next = free_series_;
    free_series_ = gone;
  }
}

bool BurstBuffer::take(std::size_t bank, Slot slot, RowIndex open_row) {
  Run& from = run(slot);
  drop_series(from, 1);
  if (from.first_column == from.end_column) {
    remove_run(banks_[bank], slot, open_row);
    update_sets(bank, open_row);
    return true;
  }
  const DramCycles next = series(from.oldest).arrival;
  if (slot == banks_[bank].oldest) {
    oldest_arrivals_[bank] = next;
  }
  if (slot == banks_[bank].hit) {
    hit_arrivals_[bank] = next;
  }
  return false;
}

BurstSeries BurstBuffer::take_series(std::size_t bank, Slot slot, std::int64_t most) {
  Run& from = run(slot);
  BurstSeries taken = series(from.oldest);
  taken.bursts = std::min(taken.bursts, most);
  drop_series(from, taken.bursts);
  const DramCycles next = series(from.oldest).arrival;
  if (slot == banks_[bank].oldest) {
    oldest_arrivals_[bank] = next;
  }
  if (slot == banks_[bank].hit) {
    hit_arrivals_[bank] = next;
  }
  return taken;
}

void BurstBuffer::take_opening(std::size_t bank, RowIndex row) {
  const Slot slot = banks_[bank].oldest;
  drop_series(run(slot), 1);
  if (run(slot).first_column == run(slot).end_column) {
    remove_run(banks_[bank], slot, kNoRow);
  }
  find_hit(bank, row);
}

void BurstBuffer::find_hit(std::size_t bank, RowIndex open_row) {
  banks_[bank].hit = open_row == kNoRow ? kNone : first_in_row(banks_[bank].oldest, open_row);
  update_sets(bank, open_row);
}

void BurstBuffer::describe(DramCycles now, const std::vector<std::int64_t>& names,
                           std::vector<std::int64_t>& state) const {
  const auto add_series = [&](const BurstSeries& bursts) {
    const bool is_of_one = bursts.id_step == 0;
    state.insert(state.end(), {bursts.bursts, static_cast<std::int64_t>(is_of_one),
                               (bursts.arrival - now).count(), bursts.arrival_step.count()});
    for (std::int64_t index = 0; index < (is_of_one ? 1 : bursts.bursts); ++index) {
      state.push_back(names[static_cast<std::size_t>(bursts.id + bursts.id_step * index)]);
    }
  };
  state.push_back(static_cast<std::int64_t>(size_));
  sets_.waiting.for_each([&](std::size_t bank) {
    for (Slot slot = oldest(bank); slot != kNone; slot = run(slot).next) {
      const Run& each = run(slot);
      state.insert(state.end(),
                   {static_cast<std::int64_t>(bank), static_cast<std::int64_t>(each.row),
                    each.first_column, each.end_column});
      for (Slot bursts = each.oldest; bursts != kNone; bursts = series(bursts).next) {
        add_series(series(bursts));
      }
    }
  });
}

}  // namespace systole
