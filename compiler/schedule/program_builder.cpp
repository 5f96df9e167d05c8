#include "compiler/schedule/program_builder.h"

#include <algorithm>
#include <iterator>

namespace systole {

namespace {

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
      engines_(program_.engines().begin(), program_.engines().end()),
      history_(program_.engines(), AccessHistory(program_.engines().per_core())),
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
  const std::size_t own = program_.engines().index_of(engine);
  Stream& stream = program_.streams[own];
  find_accesses(operation, engine.kind, accesses_);
  Instruction instruction{
      .layer = layer, .waits = {}, .signals = {}, .operation = std::move(operation)};
  if (!accesses_.reads.empty() || !accesses_.writes.empty()) {
    RegionLists& lists = history_[own].lists();
    const Appended appended{.reads = Touched(accesses_.reads),
                            .writes = Touched(accesses_.writes),
                            .reads_number = lists.number_of(accesses_.reads),
                            .writes_number = lists.number_of(accesses_.writes)};
    instruction.waits = waits_of(own, appended);
    history_[own].add({.index = static_cast<std::uint32_t>(stream.size()),
                       .reads = appended.reads_number,
                       .writes = appended.writes_number},
                      appended.reads, appended.writes);
  }
  if (auto* loop = std::get_if<RowLoop>(&instruction.operation)) {
    loops_.share(loop->body);
    loops_.share(loop->operands);
  }
  stream.push_back(std::move(instruction));
}

std::vector<SemaphoreUse> ProgramBuilder::waits_of(std::size_t engine, const Appended& appended) {
  const Accesses shared_accesses =
      program_.engines().cores > 1 ? in_shared_memories(accesses_) : Accesses();
  const Appended shared{.reads = Touched(shared_accesses.reads),
                        .writes = Touched(shared_accesses.writes)};
  std::vector<SemaphoreUse> waits;
  for (std::size_t other = 0; other < engines_.size(); ++other) {
    if (other == engine) {
      continue;
    }
    const bool same_core = engines_[other].core == engines_[engine].core;
    const auto found = latest_conflict(engine, other, same_core ? appended : shared);
    if (found) {
      covered_[engine][other] = found->entry + 1;
      const SemaphoreUse token{
          .semaphore = semaphore(engines_[other], engines_[engine], found->kind), .count = 1};
      program_.streams[other].add_signal(history_[other].index_of(found->entry), token);
      waits.push_back(token);
    }
  }
  return waits;
}

std::optional<ProgramBuilder::Dependency> ProgramBuilder::latest_conflict(
    std::size_t engine, std::size_t other, const Appended& appended) {
  const AccessHistory& history = history_[other];
  const auto size = static_cast<std::uint32_t>(history.size());
  std::size_t covered = covered_[engine][other];
  // What lies behind the last search for the same regions is new, all before was no conflict or is
  // covered.
  const auto first = [&](std::uint32_t number, RegionLists::Role role) {
    std::uint32_t* const searched =
        history_[engine].lists().searched(number, role, other % program_.engines().per_core());
    const std::size_t from = searched == nullptr ? 0 : *searched;
    if (searched != nullptr) {
      *searched = size;
    }
    return std::max(covered, from);
  };
  std::optional<Dependency> found;
  if (!appended.reads.regions.empty()) {
    const std::size_t from = first(appended.reads_number, RegionLists::Role::Read);
    if (const auto writer = history.latest_writer(from, appended.reads)) {
      found = {.entry = *writer, .kind = SemaphoreKind::Data};
      covered = *writer + 1;
    }
  }
  if (!appended.writes.regions.empty()) {
    const std::size_t from = first(appended.writes_number, RegionLists::Role::Written);
    if (const auto user = history.latest_user(from, appended.writes)) {
      found = {.entry = *user, .kind = SemaphoreKind::Space};
    }
  }
  return found;
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
