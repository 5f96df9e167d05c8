#include "compiler/verify/fragments.h"

#include <algorithm>

#include <boost/container_hash/hash.hpp>

#include "arch/units/units.h"

namespace systole::verification {

namespace {

constexpr std::int64_t kBuckets = 1024;
/// From so many buckets on a fragment is wide.
constexpr std::size_t kWideBuckets = 16;
constexpr std::size_t kRemembered = 2048;
constexpr std::int64_t kAreas = 64;

}  // namespace

void Fragment::add_reader(Place reader) {
  const auto place = std::lower_bound(readers.begin(), readers.end(), reader,
                                      [](Place a, Place b) { return a.engine < b.engine; });
  if (place != readers.end() && place->engine == reader.engine) {
    place->index = std::max(place->index, reader.index);
  } else {
    readers.insert(place, reader);
  }
}

Fragments::Fragments(std::int64_t size)
    : bucket_bytes_(std::max(ceil_div(size, kBuckets), std::int64_t{1})),
      buckets_(kBuckets),
      remembered_(kRemembered),
      area_bytes_(std::max(ceil_div(size, kAreas), std::int64_t{1})),
      changed_(kAreas, 0) {}

std::size_t Fragments::bucket_of(std::int64_t address) const {
  return static_cast<std::size_t>(
      std::clamp(address / bucket_bytes_, std::int64_t{0}, kBuckets - 1));
}

bool Fragments::is_wide(const Rectangle& where) const {
  return bucket_of(where.end() - 1) - bucket_of(where.base) >= kWideBuckets;
}

Fragments::Entry Fragments::entry_of(const Rectangle& where, std::int32_t id) {
  return {.begin = where.base, .end = where.end(), .columns = columns_of(where), .id = id};
}

std::size_t Fragments::area_of(std::int64_t address) const {
  return static_cast<std::size_t>(std::clamp(address / area_bytes_, std::int64_t{0}, kAreas - 1));
}

void Fragments::note_change(const Rectangle& where) {
  ++changes_;
  const std::size_t last = area_of(where.end() - 1);
  for (std::size_t area = area_of(where.base); area <= last; ++area) {
    changed_[area] = changes_;
  }
}

bool Fragments::has_changed_since(std::int64_t when, const Rectangle& where) const {
  const std::size_t last = area_of(where.end() - 1);
  for (std::size_t area = area_of(where.base); area <= last; ++area) {
    if (changed_[area] > when) {
      return true;
    }
  }
  return false;
}

Fragments::Remembered& Fragments::slot_of(const Rectangle& where) {
  std::size_t hash = 0;
  boost::hash_combine(hash, where.base);
  boost::hash_combine(hash, where.rows);
  boost::hash_combine(hash, where.row_bytes);
  return remembered_[hash % kRemembered];
}

void Fragments::offer(std::int32_t id, const Rectangle& where, std::vector<Overlap>& found) {
  const std::int64_t bytes = common_bytes(at(id).where, where);
  if (bytes > 0) {
    found.push_back({.id = id, .bytes = bytes});
  }
}

std::span<const Fragments::Overlap> Fragments::overlaps(const Rectangle& where) {
  Remembered& slot = slot_of(where);
  if (slot.where != where || slot.when < 0 || has_changed_since(slot.when, where)) {
    slot.where = where;
    slot.when = changes_;
    slot.found.clear();
    find(where, slot.found);
  }
  return slot.found;
}

void Fragments::find(const Rectangle& where, std::vector<Overlap>& found) {
  ++visits_;
  const Entry query = entry_of(where, 0);
  for (const Entry& entry : wide_) {
    if (entry.may_share(query)) {
      offer(entry.id, where, found);
    }
  }
  const std::size_t last = bucket_of(where.end() - 1);
  for (std::size_t bucket = bucket_of(where.base); bucket <= last; ++bucket) {
    for (const Entry& entry : buckets_[bucket]) {
      if (!entry.may_share(query)) {
        continue;
      }
      Slot& slot = slots_[static_cast<std::size_t>(entry.id)];
      if (slot.visit != visits_) {
        slot.visit = visits_;
        offer(entry.id, where, found);
      }
    }
  }
}

void Fragments::write(const Fragment& fragment) {
  for (const Overlap& overlap : overlaps(fragment.where)) {
    Fragment rest = at(overlap.id);
    const Rectangle whole = rest.where;
    remove(overlap.id);
    if (overlap.bytes < whole.bytes()) {
      for (const Rectangle& piece : difference(whole, fragment.where)) {
        rest.where = piece;
        insert(rest);
      }
    }
  }
  insert(fragment);
}

void Fragments::insert(const Fragment& fragment) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::int32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::int32_t id = free_.back();
  free_.pop_back();
  at(id) = fragment;
  note_change(fragment.where);
  const Entry entry = entry_of(fragment.where, id);
  if (is_wide(fragment.where)) {
    wide_.push_back(entry);
    return;
  }
  const std::size_t last = bucket_of(fragment.where.end() - 1);
  for (std::size_t bucket = bucket_of(fragment.where.base); bucket <= last; ++bucket) {
    buckets_[bucket].push_back(entry);
  }
}

void Fragments::remove(std::int32_t id) {
  const Rectangle& where = at(id).where;
  note_change(where);
  const auto take_out = [id](std::vector<Entry>& entries) {
    *std::find_if(entries.begin(), entries.end(),
                  [id](const Entry& entry) { return entry.id == id; }) = entries.back();
    entries.pop_back();
  };
  if (is_wide(where)) {
    take_out(wide_);
  } else {
    const std::size_t last = bucket_of(where.end() - 1);
    for (std::size_t bucket = bucket_of(where.base); bucket <= last; ++bucket) {
      take_out(buckets_[bucket]);
    }
  }
  free_.push_back(id);
}

}  // namespace systole::verification
