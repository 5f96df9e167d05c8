#pragma once

#include <string>

#include "arch/chip_spec.h"
#include "compiler/graph/graph.h"
#include "compiler/mapping/mapping.h"

namespace systole {

/// A mapping as YAML that `read_mapping` reads to an equal one; docs/mapping.md has the keys.
[[nodiscard]] std::string print_mapping(const ChipSpec& chip, const Graph& graph,
                                        const Mapping& mapping);

/// The mapping of a file, or of text that stands for it, checked against network and chip
/// (mapping_check.h). Throws WorkloadError: `file:line:column: path: expected ..., got ...`.
[[nodiscard]] Mapping read_mapping(const ChipSpec& chip, const Graph& graph,
                                   const std::string& file);
[[nodiscard]] Mapping parse_mapping(const ChipSpec& chip, const Graph& graph,
                                    const std::string& text, const std::string& file);

}  // namespace systole
