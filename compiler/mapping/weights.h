#pragma once

#include <cstdint>

#include "arch/units/units.h"

namespace systole {

/// By what ways to run a layer are compared: cycles + DRAM cycles x `dram` / 8. The work of the
/// DRAM counts an eighth even where it hides: it is energy, and less of it is hidden than an
/// estimate says.
struct Weights {
  std::int64_t dram = 1;

  [[nodiscard]] constexpr std::int64_t score(CoreCycles cycles, CoreCycles memory) const {
    return cycles.count() + memory.count() * dram / 8;
  }
  bool operator==(const Weights&) const = default;
};

}  // namespace systole
