#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "app/mapping_options.h"
#include "arch/chip_spec.h"
#include "compiler/frontend/read_network.h"
#include "compiler/mapping/mapping.h"
#include "study/mapping_search.h"

namespace systole {

/// How the request asks for the network to be mapped: as a file says, or as a search finds; none
/// where it asks for neither. `kept`: tensors whose numbers are wanted. Throws UserError.
[[nodiscard]] std::optional<Mapping> requested_mapping(
    const MappingRequest& request, const ChipSpec& chip, const Network& network,
    const std::function<void(std::string_view)>& on_stage, const std::set<std::string>& kept = {});

/// What the request's search finds; by latency where it names no objective.
[[nodiscard]] SearchedMappings searched_mappings(
    const MappingRequest& request, const ChipSpec& chip, const Network& network,
    const std::function<void(std::string_view)>& on_stage, const std::set<std::string>& kept = {});

/// Writes it where the request says. Throws UserError.
void save_mapping(const MappingRequest& request, const ChipSpec& chip, const Graph& graph,
                  const Mapping& mapping);

}  // namespace systole
