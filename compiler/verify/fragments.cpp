#include "compiler/verify/fragments.h"

#include <algorithm>

#include <boost/container_hash/hash.hpp>

#include "arch/units/units.h"

namespace systole::verification {

namespace {

constexpr std::int64_t kBuckets = 1024;
constexpr std::int64_t kLargeBuckets = 64;
/// That are expected to share a small bucket.
constexpr std::int64_t kFragmentsOfBucket = 8;
/// From so many buckets on a fragment is wide.
constexpr std::size_t kWideBuckets = 4;
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

Fragments::Fragments(std::int64_t size, std::size_t expected)
    : remembered_(kRemembered),
      area_bytes_(std::max(ceil_div(size, kAreas), std::int64_t{1})),
      changed_(kAreas, 0) {
  const auto small = static_cast<std::int64_t>(expected) / kFragmentsOfBucket;
  if (small > kBuckets) {
    grids_.emplace_back(size, small);
  }
  grids_.emplace_back(size, kBuckets);
  grids_.emplace_back(size, kLargeBuckets);
  slots_.reserve(expected);
}

Fragments::Grid::Grid(std::int64_t size, std::int64_t count)
    : bucket_bytes(std::max(ceil_div(size, count), std::int64_t{1})),
      buckets(static_cast<std::size_t>(count)) {}

std::size_t Fragments::Grid::bucket_of(std::int64_t address) const {
  return static_cast<std::size_t>(std::clamp(address / bucket_bytes, std::int64_t{0},
                                             static_cast<std::int64_t>(buckets.size()) - 1));
}

bool Fragments::Grid::is_wide(const Rectangle& where) const {
  return bucket_of(where.end() - 1) - bucket_of(where.base) >= kWideBuckets;
}

template <class Visit>
void Fragments::Grid::for_each_bucket(const Rectangle& where, const Visit& visit) {
  const std::size_t last = bucket_of(where.end() - 1);
  for (std::size_t bucket = bucket_of(where.base); bucket <= last; ++bucket) {
    visit(buckets[bucket]);
  }
}

template <class Visit>
void Fragments::for_each_list(const Rectangle& where, const Visit& visit) {
  for (Grid& grid : grids_) {
    if (!grid.is_wide(where)) {
      grid.for_each_bucket(where, visit);
      return;
    }
  }
  visit(wide_);
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
  const auto look = [&](const std::vector<Entry>& entries) {
    for (const Entry& entry : entries) {
      if (!entry.may_share(query)) {
        continue;
      }
      Slot& slot = slots_[static_cast<std::size_t>(entry.id)];
      if (slot.visit != visits_) {
        slot.visit = visits_;
        offer(entry.id, where, found);
      }
    }
  };
  for (Grid& grid : grids_) {
    grid.for_each_bucket(where, look);
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
  for_each_list(fragment.where, [&](std::vector<Entry>& entries) { entries.push_back(entry); });
}

void Fragments::remove(std::int32_t id) {
  const Rectangle& where = at(id).where;
  note_change(where);
  for_each_list(where, [id](std::vector<Entry>& entries) {
    *std::find_if(entries.begin(), entries.end(),
                  [id](const Entry& entry) { return entry.id == id; }) = entries.back();
    entries.pop_back();
  });
  free_.push_back(id);
}

}  // namespace systole::verification
