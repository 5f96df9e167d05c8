#pragma once

#include <string>

#include "arch/chip_spec.h"
#include "compiler/graph/graph.h"
#include "report/text_options.h"
#include "study/mapping_search.h"

namespace systole {

/// What a search for mappings tried: a row each, or of its front alone. docs/mapping.md.
struct MappingsReport {
  const ChipSpec& chip;
  const Graph& graph;
  const SearchedMappings& searched;
  MappingObjective objective = MappingObjective::Latency;
  bool front = false;
};

[[nodiscard]] std::string mappings_text(const MappingsReport& report, const TextOptions& options);
/// JSON of schema `systole.map/1`.
[[nodiscard]] std::string mappings_json(const MappingsReport& report);
[[nodiscard]] std::string mappings_csv(const MappingsReport& report);

}  // namespace systole
