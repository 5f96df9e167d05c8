#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/frontend/read_network.h"
#include "compiler/mapping/choose_mapping.h"
#include "study/mapping_objective.h"

namespace systole {

struct MappingSearch {
  MappingObjective objective = MappingObjective::Latency;
  /// Mappings that are simulated, the compiler's own among them; 0: the cost model alone chooses,
  /// but for energy, which it knows too little of: then the compiler's own, what is best for
  /// latency, for DRAM, and by the model for energy are.
  std::int64_t simulated = 0;
  std::size_t parallel = 1;  ///< simulations at a time, each in a process of its own
  /// Mappings that are tried besides, where they are legal: of a smaller chip, so that this one is
  /// not slower, or somebody's own.
  std::vector<Mapping> also;
  std::set<std::string> kept;  ///< tensors whose own values the run has to have
  std::function<void(std::string_view)> on_stage;
};

/// A mapping that was found, and what it costs.
struct TriedMapping {
  std::string how;
  Mapping mapping;
  LayerCost estimate;
  CoreCycles estimated_time{0};  ///< of its layers one after another (layer_time.h)
  bool simulated = false;
  CoreCycles cycles{0};  ///< estimated where it was not simulated, as the others
  std::int64_t dram_bytes = 0;
  std::optional<double> joules;  ///< none for a chip without a technology
};

/// What a search tried, in the order in which it did; `best` by the objective.
struct SearchedMappings {
  std::vector<TriedMapping> tried;
  std::size_t best = 0;
};

/// Looks for a mapping: `candidate_mappings` in the order of the cost model, as many of them as may
/// be simulated; of what remains of the budget, half is for the neighbours of the best one, which
/// run one layer in another way, those layers first that lose most. Never worse by the objective
/// than the compiler's own: that is the first, and without simulation another has to be better by a
/// thirty-second. Deterministic. Throws UserError for energy of a chip without a technology.
[[nodiscard]] SearchedMappings search_mappings(const ChipSpec& chip, const Network& network,
                                               const MappingSearch& search);

/// What the objective makes of it: less is better.
[[nodiscard]] double objective_of(const TriedMapping& mapping, MappingObjective objective);

/// Those of which no other is as good in cycles, joules and DRAM bytes, and better in one; in the
/// order of cycles.
[[nodiscard]] std::vector<std::size_t> mapping_front(const std::vector<TriedMapping>& tried);

}  // namespace systole
