#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "arch/chip_spec.h"
#include "compiler/graph/graph.h"
#include "compiler/mapping/mapping.h"

namespace systole {

/// The fastest of some mappings, the first among equals.
struct FastestMapping {
  std::size_t index = 0;
  std::int64_t cycles = 0;
};

/// Each is simulated in a process of its own, two at a time. Throws UserError where one fails.
[[nodiscard]] FastestMapping fastest_mapping(const ChipSpec& chip, const Graph& graph,
                                             const std::vector<Mapping>& mappings);

}  // namespace systole
