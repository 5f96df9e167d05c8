#include "report/buffer_levels.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "arch/diag/check.h"
#include "arch/isa/buffer_lives.h"

namespace systole {

namespace {

std::vector<InstructionRef> completion_order(const RunTrace& trace) {
  std::vector<std::pair<CoreCycles, InstructionRef>> completions;
  for (const EngineId engine : trace.engines.engines()) {
    const auto& instructions = trace.engine(engine).instructions;
    for (std::size_t index = 0; index < instructions.size(); ++index) {
      completions.push_back({instructions[index].completed, {.engine = engine, .index = index}});
    }
  }
  std::sort(completions.begin(), completions.end());
  std::vector<InstructionRef> order;
  order.reserve(completions.size());
  for (const auto& [at, instruction] : completions) {
    order.push_back(instruction);
  }
  return order;
}

/// When the last of the readers had completed.
CoreCycles end_of(const BufferLife& life, const RunTrace& trace) {
  CoreCycles end{0};
  for (const InstructionRef& reader : life.last_readers) {
    end = std::max(end, trace.engine(reader.engine).instructions[reader.index].completed);
  }
  return end;
}

/// A change of the level, for the sake of a layer.
struct OwnedChange {
  CoreCycles at{0};
  std::int32_t layer = 0;
  std::int64_t change = 0;
};

std::vector<OwnedChange> owned_changes(const Program& program, const RunTrace& trace,
                                       std::uint16_t core) {
  std::vector<OwnedChange> changes;
  for (const BufferLife& life : buffer_lives(program, of_core(completion_order(trace), core))) {
    const auto& writers = trace.engine(life.writer.engine).instructions;
    const std::int32_t layer = program.stream(life.writer.engine)[life.writer.index].layer();
    changes.push_back({writers[life.writer.index].completed, layer, life.bytes});
    changes.push_back({end_of(life, trace), layer, -life.bytes});
  }
  std::sort(changes.begin(), changes.end(),
            [](const OwnedChange& a, const OwnedChange& b) { return a.at < b.at; });
  return changes;
}

/// For each interval the first cycle in it with the highest level.
std::vector<CoreCycles> highest_cycles(const std::vector<OwnedChange>& changes, CoreCycles elapsed,
                                       std::int64_t most) {
  const std::int64_t width = std::max(std::int64_t{1}, ceil_div(elapsed.count(), most));
  std::vector<CoreCycles> cycles;
  std::int64_t level = 0;
  std::size_t next = 0;
  for (std::int64_t begin = 0; begin < elapsed.count(); begin += width) {
    CoreCycles at(begin);
    std::int64_t highest = -1;
    const auto offer = [&](CoreCycles cycle) {
      if (level > highest) {
        highest = level;
        at = cycle;
      }
    };
    const auto apply = [&](CoreCycles cycle) {
      for (; next < changes.size() && changes[next].at <= cycle; ++next) {
        level += changes[next].change;
      }
      offer(cycle);
    };
    apply(CoreCycles(begin));
    while (next < changes.size() && changes[next].at < CoreCycles(begin + width)) {
      apply(changes[next].at);
    }
    cycles.push_back(at);
  }
  return cycles;
}

std::vector<BufferOwner> largest_owners(const std::vector<std::int64_t>& bytes) {
  std::vector<BufferOwner> owners;
  for (std::size_t layer = 0; layer < bytes.size(); ++layer) {
    if (bytes[layer] > 0) {
      owners.push_back({.layer = static_cast<std::int32_t>(layer), .bytes = bytes[layer]});
    }
  }
  const std::size_t kept = std::min(kBufferOwners, owners.size());
  std::partial_sort(owners.begin(), owners.begin() + static_cast<std::ptrdiff_t>(kept),
                    owners.end(), [](const BufferOwner& a, const BufferOwner& b) {
                      return a.bytes != b.bytes ? a.bytes > b.bytes : a.layer < b.layer;
                    });
  owners.resize(kept);
  return owners;
}

}  // namespace

Levels buffer_levels(const Program& program, const RunTrace& trace, std::uint16_t core) {
  std::vector<LevelChange> changes;
  for (const OwnedChange& change : owned_changes(program, trace, core)) {
    changes.push_back({.at = change.at, .change = change.change});
  }
  return sum_of(std::move(changes));
}

std::vector<BufferMoment> buffer_moments(const Program& program, const RunTrace& trace,
                                         std::int64_t most, std::uint16_t core) {
  SYSTOLE_CHECK(most >= 1, "at most {} moments", most);
  const std::vector<OwnedChange> changes = owned_changes(program, trace, core);
  std::vector<std::int64_t> bytes(program.layers.size());
  std::vector<BufferMoment> moments;
  std::size_t next = 0;
  for (const CoreCycles at : highest_cycles(changes, trace.elapsed, most)) {
    for (; next < changes.size() && changes[next].at <= at; ++next) {
      bytes[static_cast<std::size_t>(changes[next].layer)] += changes[next].change;
    }
    moments.push_back({.at = at,
                       .bytes = std::accumulate(bytes.begin(), bytes.end(), std::int64_t{0}),
                       .owners = largest_owners(bytes)});
  }
  return moments;
}

}  // namespace systole
