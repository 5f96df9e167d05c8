#include "compiler/schedule/program_builder.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include <boost/container_hash/hash.hpp>

#include "arch/diag/check.h"

namespace systole {

namespace {

/// `kept`: KeptRegions.
template <class Kept>
bool any_overlap(std::span<const Kept> kept, const std::vector<Region>& regions) {
  return std::any_of(kept.begin(), kept.end(), [&](const Kept& each) {
    const Region earlier = each.region();
    return std::any_of(regions.begin(), regions.end(),
                       [&](const Region& later) { return overlap(earlier, later); });
  });
}

/// What the cores of a chip share.
Accesses in_shared_memories(const Accesses& accesses) {
  const auto shared = [](const std::vector<Region>& regions) {
    std::vector<Region> some;
    std::copy_if(regions.begin(), regions.end(), std::back_inserter(some),
                 [](const Region& region) {
                   return region.memory == Memory::Dram || region.memory == Memory::Host;
                 });
    return some;
  };
  return {.reads = shared(accesses.reads), .writes = shared(accesses.writes)};
}

}  // namespace

ProgramBuilder::ProgramBuilder(Program program)
    : program_(std::move(program)),
      history_(program_.engines()),
      covered_(program_.engines(), PerEngine<std::size_t>(program_.engines(), 0)) {}

ProgramBuilder ProgramBuilder::aside() const {
  ProgramBuilder builder({.network = program_.network,
                          .chip = program_.chip,
                          .batch = program_.batch,
                          .dram_bytes = program_.dram_bytes,
                          .host_bytes = program_.host_bytes,
                          .layers = program_.layers,
                          .tensors = program_.tensors,
                          .tiles = program_.tiles,
                          .semaphores = {},
                          .streams = PerEngine<Stream>(program_.engines())});
  builder.set_core(core_);
  return builder;
}

void ProgramBuilder::append(EngineId engine, std::int32_t layer, Operation operation) {
  engine.core = core_;
  find_accesses(operation, engine.kind, accesses_);
  const Accesses shared = program_.engines().cores > 1 ? in_shared_memories(accesses_) : Accesses();
  Instruction instruction{
      .layer = layer, .waits = {}, .signals = {}, .operation = std::move(operation)};
  for (const EngineId other : program_.engines()) {
    if (other == engine) {
      continue;
    }
    std::size_t& covered = covered_[engine][other];
    const std::optional<Dependency> found =
        latest_conflict(other, covered, other.core == engine.core ? accesses_ : shared);
    if (!found) {
      continue;
    }
    covered = found->entry + 1;
    const SemaphoreUse token{.semaphore = semaphore(other, engine, found->kind), .count = 1};
    program_.stream(other).add_signal(history_[other].entries[found->entry].index, token);
    instruction.waits.push_back(token);
  }
  if (auto* loop = std::get_if<RowLoop>(&instruction.operation)) {
    loops_.share(loop->body);
    loops_.share(loop->operands);
  }
  auto& stream = program_.stream(engine);
  if (!accesses_.reads.empty() || !accesses_.writes.empty()) {
    history_[engine].add(stream.size(), accesses_);
  }
  stream.push_back(instruction);
}

void ProgramBuilder::Extent::include(const std::vector<Region>& regions) {
  for (const Region& region : regions) {
    const auto memory = static_cast<std::size_t>(region.memory);
    lowest[memory] = end[memory] == 0 ? region.base : std::min(lowest[memory], region.base);
    end[memory] = std::max(end[memory], end_of(region));
  }
}

bool ProgramBuilder::Extent::meets(const Extent& other) const {
  for (std::size_t memory = 0; memory < kMemoryCount; ++memory) {
    if (lowest[memory] < other.end[memory] && other.lowest[memory] < end[memory]) {
      return true;
    }
  }
  return false;
}

void ProgramBuilder::Reach::include(const Accesses& accesses) {
  reads.include(accesses.reads);
  writes.include(accesses.writes);
}

bool ProgramBuilder::Reach::meets(const Reach& other) const {
  return writes.meets(other.reads) || writes.meets(other.writes) || reads.meets(other.writes);
}

ProgramBuilder::KeptRegion::KeptRegion(const Region& region)
    : base(region.base),
      row_bytes(region.row_bytes),
      pitch(region.pitch),
      rows(static_cast<std::int32_t>(region.rows)),
      memory(region.memory) {
  SYSTOLE_CHECK(rows == region.rows, "a region of {} rows", region.rows);
}

Region ProgramBuilder::KeptRegion::region() const {
  return {.memory = memory, .base = base, .rows = rows, .row_bytes = row_bytes, .pitch = pitch};
}

std::span<const ProgramBuilder::KeptRegion> ProgramBuilder::RegionLists::operator[](
    std::uint32_t number) const {
  const std::size_t first = firsts_[number];
  const std::size_t end = number + 1 < firsts_.size() ? firsts_[number + 1] : regions_.size();
  return std::span(regions_).subspan(first, end - first);
}

bool ProgramBuilder::RegionLists::is_equal(std::uint32_t number,
                                           const std::vector<Region>& list) const {
  const std::span<const KeptRegion> kept = (*this)[number];
  return std::equal(
      kept.begin(), kept.end(), list.begin(), list.end(),
      [](const KeptRegion& one, const Region& other) { return one == KeptRegion(other); });
}

std::uint32_t ProgramBuilder::RegionLists::number_of(const std::vector<Region>& list) {
  if (list.empty()) {
    return 0;
  }
  recent_.resize(kRecent);
  std::size_t hash = 0;
  for (const Region& region : list) {
    boost::hash_combine(hash, region.base);
    boost::hash_combine(hash, region.row_bytes);
  }
  std::uint32_t& recent = recent_[hash % kRecent];
  if (!is_equal(recent, list)) {
    SYSTOLE_CHECK(regions_.size() + list.size() <= std::numeric_limits<std::uint32_t>::max(),
                  "a stream touches {} regions", regions_.size());
    recent = static_cast<std::uint32_t>(firsts_.size());
    firsts_.push_back(static_cast<std::uint32_t>(regions_.size()));
    for (const Region& region : list) {
      regions_.emplace_back(region);
    }
  }
  return recent;
}

void ProgramBuilder::History::add(std::size_t index, const Accesses& accesses) {
  std::size_t size = 1;
  for (std::vector<Reach>& level : blocks) {
    size *= kBlock;
    if (entries.size() % size == 0) {
      level.emplace_back();
    }
    level.back().include(accesses);
  }
  entries.push_back({.index = static_cast<std::uint32_t>(index),
                     .reads = lists.number_of(accesses.reads),
                     .writes = lists.number_of(accesses.writes)});
}

std::optional<ProgramBuilder::EntryRange> ProgramBuilder::History::latest_block(
    EntryRange range, const Reach& reach) const {
  while (range.end > range.first) {
    const std::size_t entry = range.end - 1;
    // The largest block around the entry that cannot conflict is passed over as a whole.
    std::size_t passed = range.end;
    std::size_t size = 1;
    for (const std::vector<Reach>& level : blocks) {
      size *= kBlock;
      if (level[entry / size].meets(reach)) {
        break;
      }
      passed = entry / size * size;
    }
    if (passed == range.end) {
      return EntryRange{.first = std::max(range.first, entry / kBlock * kBlock), .end = range.end};
    }
    range.end = passed;
  }
  return {};
}

std::optional<SemaphoreKind> ProgramBuilder::History::conflict(std::size_t entry,
                                                               const Accesses& accesses) const {
  const std::span<const KeptRegion> writes = lists[entries[entry].writes];
  if (any_overlap(writes, accesses.reads)) {
    return SemaphoreKind::Data;
  }
  if (any_overlap(lists[entries[entry].reads], accesses.writes) ||
      any_overlap(writes, accesses.writes)) {
    return SemaphoreKind::Space;
  }
  return {};
}

std::optional<ProgramBuilder::Dependency> ProgramBuilder::latest_conflict(
    EngineId other, std::size_t first, const Accesses& accesses) const {
  Reach reach;
  reach.include(accesses);
  const History& history = history_[other];
  EntryRange left{.first = first, .end = history.entries.size()};
  while (const auto block = history.latest_block(left, reach)) {
    for (std::size_t entry = block->end; entry-- > block->first;) {
      if (const auto kind = history.conflict(entry, accesses)) {
        return Dependency{.entry = entry, .kind = *kind};
      }
    }
    left.end = block->first;
  }
  return {};
}

std::int32_t ProgramBuilder::semaphore(EngineId from, EngineId to, SemaphoreKind kind) {
  const auto [entry, fresh] = semaphores_.try_emplace(
      {from, to, kind}, static_cast<std::int32_t>(program_.semaphores.size()));
  if (fresh) {
    program_.semaphores.push_back({.from = from, .to = to, .kind = kind});
  }
  return entry->second;
}

}  // namespace systole
