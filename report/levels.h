#pragma once

#include <cstdint>
#include <vector>

#include "arch/units/units.h"

namespace systole {

/// A quantity is `level` from cycle `at` on, until the next entry. Before the first entry it is 0.
struct Level {
  CoreCycles at{0};
  std::int64_t level = 0;

  bool operator==(const Level&) const = default;
};

/// In order of time, at most one entry a cycle.
using Levels = std::vector<Level>;

/// A change by `change` at cycle `at`.
struct LevelChange {
  CoreCycles at{0};
  std::int64_t change = 0;
};

/// The sum of changes given in any order; cycles in which they cancel out have no entry.
[[nodiscard]] Levels sum_of(std::vector<LevelChange> changes);

/// At most about `most` entries: cycles are taken together in intervals of ceil(elapsed / most),
/// and each interval shows the highest level in it. So peaks stay, and runs of up to `most` cycles
/// are exact. `levels` that repeat the one before are left out.
[[nodiscard]] Levels peaks(const Levels& levels, CoreCycles elapsed, std::int64_t most);

}  // namespace systole
