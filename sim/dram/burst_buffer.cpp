#include "sim/dram/burst_buffer.h"

#include "sim/dram/device_timing.h"

namespace systole {
namespace {

constexpr std::size_t kWordBits = 64;

void put(std::vector<std::uint64_t>& set, std::size_t bank, bool in) {
  std::uint64_t& word = set[bank / kWordBits];
  const std::size_t bit = bank % kWordBits;
  word = (word & ~(std::uint64_t{1} << bit)) | (std::uint64_t{in} << bit);
}

}  // namespace

BurstBuffer::BurstBuffer(std::size_t capacity, std::size_t banks)
    : entries_(capacity), banks_(banks), oldest_arrivals_(banks), hit_arrivals_(banks) {
  for (std::vector<std::uint64_t>* set :
       {&sets_.waiting, &sets_.closed, &sets_.hits, &sets_.conflicts}) {
    set->resize((banks + kWordBits - 1) / kWordBits);
  }
  for (std::size_t slot = capacity; slot-- > 0;) {
    free_.push_back(static_cast<Slot>(slot));
  }
}

BurstBuffer::Slot BurstBuffer::first_in_row(Slot from, RowIndex row) const {
  while (from != kNone && at(from).request.row != row) {
    from = at(from).next;
  }
  return from;
}

void BurstBuffer::update_sets(std::size_t bank, RowIndex open_row) {
  const Bank& bursts = banks_[bank];
  const bool waits = bursts.oldest != kNone;
  const bool open = open_row != kNoRow;
  put(sets_.waiting, bank, waits);
  put(sets_.closed, bank, waits && !open);
  put(sets_.hits, bank, bursts.hit != kNone);
  put(sets_.conflicts, bank, waits && open && bursts.hit != bursts.oldest);
  if (waits) {
    oldest_arrivals_[bank] = at(bursts.oldest).arrival;
  }
  if (bursts.hit != kNone) {
    hit_arrivals_[bank] = at(bursts.hit).arrival;
  }
}

bool BurstBuffer::holds(const BurstRequest& request) const {
  if (addresses_[bucket(request)] == 0) {
    return false;
  }
  for (Slot slot = oldest(request.bank); slot != kNone; slot = at(slot).next) {
    if (at(slot).request.row == request.row && at(slot).request.column == request.column) {
      return true;
    }
  }
  return false;
}

/// At the young end of its bank's list and of all.
void BurstBuffer::link(Slot slot) {
  Entry& added = entry(slot);
  Bank& bank = banks_[added.request.bank];
  added.previous = bank.youngest;
  (bank.youngest == kNone ? bank.oldest : entry(bank.youngest).next) = slot;
  bank.youngest = slot;
  added.older = youngest_;
  (youngest_ == kNone ? oldest_ : entry(youngest_).younger) = slot;
  youngest_ = slot;
}

void BurstBuffer::unlink(Slot slot) {
  const Entry& gone = at(slot);
  Bank& bank = banks_[gone.request.bank];
  (gone.previous == kNone ? bank.oldest : entry(gone.previous).next) = gone.next;
  (gone.next == kNone ? bank.youngest : entry(gone.next).previous) = gone.previous;
  (gone.older == kNone ? oldest_ : entry(gone.older).younger) = gone.younger;
  (gone.younger == kNone ? youngest_ : entry(gone.younger).older) = gone.older;
}

BurstBuffer::Slot BurstBuffer::push(const BurstRequest& request, DramCycles arrival,
                                    RowIndex open_row) {
  const Slot slot = free_.back();
  free_.pop_back();
  entry(slot) = {.request = request, .arrival = arrival};
  link(slot);
  Bank& bank = banks_[request.bank];
  if (bank.hit == kNone && open_row == request.row) {
    bank.hit = slot;
  }
  if (bank.oldest == slot || bank.hit == slot) {
    update_sets(request.bank, open_row);
  }
  ++addresses_[bucket(request)];
  return slot;
}

void BurstBuffer::remove(Slot slot, RowIndex open_row) {
  const BurstRequest& request = at(slot).request;
  Bank& bank = banks_[request.bank];
  unlink(slot);
  if (bank.hit == slot) {
    bank.hit = first_in_row(at(slot).next, open_row);
  }
  update_sets(request.bank, open_row);
  --addresses_[bucket(request)];
  free_.push_back(slot);
}

void BurstBuffer::row_changed(std::size_t bank, RowIndex open_row) {
  if (banks_[bank].oldest == kNone) {
    return;  // nothing waits: the bank is in no set
  }
  banks_[bank].hit = open_row == kNoRow ? kNone : first_in_row(banks_[bank].oldest, open_row);
  update_sets(bank, open_row);
}

}  // namespace systole
