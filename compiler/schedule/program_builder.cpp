#include "compiler/schedule/program_builder.h"

#include <algorithm>

namespace systole {

namespace {

bool any_overlap(const std::vector<Region>& a, const std::vector<Region>& b) {
  return std::any_of(a.begin(), a.end(), [&](const Region& first) {
    return std::any_of(b.begin(), b.end(),
                       [&](const Region& second) { return overlap(first, second); });
  });
}

}  // namespace

void ProgramBuilder::append(Engine engine, std::int32_t layer, const Operation& operation,
                            Accesses accesses) {
  const auto to = static_cast<std::size_t>(engine);
  Instruction instruction{.layer = layer, .waits = {}, .signals = {}, .operation = operation};
  for (std::size_t from = 0; from < kEngineCount; ++from) {
    if (from == to) {
      continue;
    }
    const auto other = static_cast<Engine>(from);
    const Dependency found = latest_conflict(other, covered_[to][from], accesses);
    if (found.index < 0) {
      continue;
    }
    covered_[to][from] = found.index;
    const SemaphoreUse token{.semaphore = semaphore(other, engine, found.kind), .count = 1};
    program_.stream(other)[static_cast<std::size_t>(found.index)].signals.push_back(token);
    instruction.waits.push_back(token);
  }
  auto& stream = program_.stream(engine);
  if (!accesses.reads.empty() || !accesses.writes.empty()) {
    history_[to].push_back(
        {.index = static_cast<std::int64_t>(stream.size()), .accesses = std::move(accesses)});
  }
  stream.push_back(std::move(instruction));
}

ProgramBuilder::Dependency ProgramBuilder::latest_conflict(Engine other, std::int64_t covered,
                                                           const Accesses& accesses) const {
  if (accesses.reads.empty() && accesses.writes.empty()) {
    return {};
  }
  const auto& history = history_[static_cast<std::size_t>(other)];
  for (auto entry = history.rbegin(); entry != history.rend() && entry->index > covered; ++entry) {
    const Accesses& earlier = entry->accesses;
    if (any_overlap(earlier.writes, accesses.reads)) {
      return {.index = entry->index, .kind = SemaphoreKind::Data};
    }
    if (any_overlap(earlier.reads, accesses.writes) ||
        any_overlap(earlier.writes, accesses.writes)) {
      return {.index = entry->index, .kind = SemaphoreKind::Space};
    }
  }
  return {};
}

std::int32_t ProgramBuilder::semaphore(Engine from, Engine to, SemaphoreKind kind) {
  const auto [entry, fresh] = semaphores_.try_emplace(
      {from, to, kind}, static_cast<std::int32_t>(program_.semaphores.size()));
  if (fresh) {
    program_.semaphores.push_back({.from = from, .to = to, .kind = kind});
  }
  return entry->second;
}

}  // namespace systole
