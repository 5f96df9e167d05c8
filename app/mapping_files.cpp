#include "app/mapping_files.h"

#include <algorithm>
#include <thread>

#include "app/output.h"
#include "compiler/mapping/mapping_text.h"

namespace systole {

std::optional<Mapping> requested_mapping(const MappingRequest& request, const ChipSpec& chip,
                                         const Network& network,
                                         const std::function<void(std::string_view)>& on_stage,
                                         const std::set<std::string>& kept) {
  if (!request.file.empty()) {
    return read_mapping(chip, network.graph, request.file);
  }
  if (!request.objective) {
    return std::nullopt;
  }
  SearchedMappings searched = searched_mappings(request, chip, network, on_stage, kept);
  return std::move(searched.tried[searched.best].mapping);
}

SearchedMappings searched_mappings(const MappingRequest& request, const ChipSpec& chip,
                                   const Network& network,
                                   const std::function<void(std::string_view)>& on_stage,
                                   const std::set<std::string>& kept) {
  return search_mappings(chip, network,
                         {.objective = request.objective.value_or(MappingObjective::Latency),
                          .simulated = request.simulated,
                          .parallel = std::max(1U, std::thread::hardware_concurrency()),
                          .kept = kept,
                          .on_stage = on_stage});
}

void save_mapping(const MappingRequest& request, const ChipSpec& chip, const Graph& graph,
                  const Mapping& mapping) {
  if (!request.save.empty()) {
    write_file(request.save, print_mapping(chip, graph, mapping));
  }
}

}  // namespace systole
