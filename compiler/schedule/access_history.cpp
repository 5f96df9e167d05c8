#include "compiler/schedule/access_history.h"

#include <algorithm>
#include <limits>

#include <boost/container_hash/hash.hpp>

#include "arch/diag/check.h"

namespace systole {

void Extent::include(const std::vector<Region>& regions) {
  for (const Region& region : regions) {
    const auto memory = static_cast<std::size_t>(region.memory);
    lowest_[memory] = end_[memory] == 0 ? region.base : std::min(lowest_[memory], region.base);
    end_[memory] = std::max(end_[memory], end_of(region));
  }
}

void Extent::include(const Extent& other) {
  for (std::size_t memory = 0; memory < kMemoryCount; ++memory) {
    if (other.end_[memory] != 0) {
      lowest_[memory] = end_[memory] == 0 ? other.lowest_[memory]
                                          : std::min(lowest_[memory], other.lowest_[memory]);
      end_[memory] = std::max(end_[memory], other.end_[memory]);
    }
  }
}

bool Extent::meets(const Extent& other) const {
  for (std::size_t memory = 0; memory < kMemoryCount; ++memory) {
    if (lowest_[memory] < other.end_[memory] && other.lowest_[memory] < end_[memory]) {
      return true;
    }
  }
  return false;
}

RegionLists::Kept::Kept(const Region& region)
    : base(region.base),
      row_bytes(region.row_bytes),
      pitch(region.pitch),
      rows(static_cast<std::int32_t>(region.rows)),
      memory(region.memory) {
  SYSTOLE_CHECK(rows == region.rows, "a region of {} rows", region.rows);
}

Region RegionLists::Kept::region() const {
  return {.memory = memory, .base = base, .rows = rows, .row_bytes = row_bytes, .pitch = pitch};
}

std::span<const RegionLists::Kept> RegionLists::operator[](std::uint32_t number) const {
  const std::size_t first = firsts_[number];
  const std::size_t end = number + 1 < firsts_.size() ? firsts_[number + 1] : regions_.size();
  return std::span(regions_).subspan(first, end - first);
}

bool RegionLists::is_equal(std::uint32_t number, const std::vector<Region>& list) const {
  const std::span<const Kept> kept = (*this)[number];
  return std::equal(kept.begin(), kept.end(), list.begin(), list.end(),
                    [](const Kept& one, const Region& other) { return one == Kept(other); });
}

std::uint32_t RegionLists::number_of(const std::vector<Region>& list) {
  if (list.empty()) {
    return 0;
  }
  recent_.resize(kRecent);
  searched_.resize(kRecent * kRoles * histories_);
  std::size_t hash = 0;
  for (const Region& region : list) {
    boost::hash_combine(hash, region.base);
    boost::hash_combine(hash, region.row_bytes);
  }
  const std::size_t place = hash % kRecent;
  std::uint32_t& recent = recent_[place];
  if (!is_equal(recent, list)) {
    SYSTOLE_CHECK(regions_.size() + list.size() <= std::numeric_limits<std::uint32_t>::max(),
                  "a stream touches {} regions", regions_.size());
    recent = static_cast<std::uint32_t>(firsts_.size());
    firsts_.push_back(static_cast<std::uint32_t>(regions_.size()));
    places_.push_back(static_cast<std::uint16_t>(place));
    for (const Region& region : list) {
      regions_.emplace_back(region);
    }
    std::fill_n(searched_.begin() + static_cast<std::ptrdiff_t>(place * kRoles * histories_),
                kRoles * histories_, 0);
  }
  return recent;
}

std::uint32_t* RegionLists::searched(std::uint32_t number, Role role, std::size_t history) {
  const std::size_t place = places_[number];
  if (number == 0 || recent_[place] != number) {
    return nullptr;
  }
  return &searched_[(place * kRoles + static_cast<std::size_t>(role)) * histories_ + history];
}

void AccessHistory::add(const Entry& entry, const Touched& reads, const Touched& writes) {
  std::size_t size = 1;
  for (std::vector<Reach>& level : blocks_) {
    size *= kBlock;
    if (entries_.size() % size == 0) {
      level.emplace_back();
    }
    level.back().reads.include(reads.extent);
    level.back().writes.include(writes.extent);
  }
  entries_.push_back(entry);
}

/// `meets`: whether a block may have an entry that `conflicts`, which is asked of entries.
template <class Meets, class Conflicts>
std::optional<std::size_t> AccessHistory::latest(std::size_t first, const Meets& meets,
                                                 const Conflicts& conflicts) const {
  std::size_t end = entries_.size();
  while (end > first) {
    // The largest block around the last entry that cannot conflict is passed over as a whole.
    std::size_t begin = end;
    std::size_t size = 1;
    for (const std::vector<Reach>& level : blocks_) {
      size *= kBlock;
      if (meets(level[(end - 1) / size])) {
        break;
      }
      begin = (end - 1) / size * size;
    }
    if (begin == end) {
      begin = std::max(first, (end - 1) / kBlock * kBlock);
      for (std::size_t entry = end; entry-- > begin;) {
        if (conflicts(entries_[entry])) {
          return entry;
        }
      }
    }
    end = begin;
  }
  return {};
}

namespace {

/// Whether a list shares bytes with some regions; neighbours in a history often have the same list.
class Overlaps {
 public:
  Overlaps(const RegionLists& lists, const std::vector<Region>& regions)
      : lists_(lists), regions_(regions) {}

  bool operator()(std::uint32_t number) {
    if (number != last_) {
      last_ = number;
      overlap_ = any(lists_[number]);
    }
    return overlap_;
  }

 private:
  [[nodiscard]] bool any(std::span<const RegionLists::Kept> kept) const {
    return std::any_of(kept.begin(), kept.end(), [&](const RegionLists::Kept& each) {
      const Region earlier = each.region();
      return std::any_of(regions_.begin(), regions_.end(),
                         [&](const Region& later) { return overlap(earlier, later); });
    });
  }

  const RegionLists& lists_;
  const std::vector<Region>& regions_;
  std::uint32_t last_ = 0;  ///< the empty list
  bool overlap_ = false;
};

}  // namespace

std::optional<std::size_t> AccessHistory::latest_writer(std::size_t first,
                                                        const Touched& read) const {
  Overlaps overlaps(lists_, read.regions);
  return latest(
      first, [&](const Reach& reach) { return reach.writes.meets(read.extent); },
      [&](const Entry& entry) { return overlaps(entry.writes); });
}

std::optional<std::size_t> AccessHistory::latest_user(std::size_t first,
                                                      const Touched& written) const {
  Overlaps reads(lists_, written.regions);
  Overlaps writes(lists_, written.regions);
  return latest(
      first,
      [&](const Reach& reach) {
        return reach.reads.meets(written.extent) || reach.writes.meets(written.extent);
      },
      [&](const Entry& entry) { return reads(entry.reads) || writes(entry.writes); });
}

}  // namespace systole
