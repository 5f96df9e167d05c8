#pragma once

#include <set>
#include <string>
#include <vector>

#include "arch/chip_spec.h"
#include "compiler/allocation/memory_plan.h"
#include "compiler/compile.h"
#include "compiler/graph/graph.h"
#include "compiler/mapping/layer_cost.h"
#include "compiler/mapping/mapping.h"

namespace systole {

/// A mapping with what follows from it.
struct ChosenMapping {
  Graph graph;  ///< the network with the mapping's layers fused
  Mapping mapping;
  std::vector<MemoryPlan> plans;  ///< of the shares

  [[nodiscard]] const MemoryPlan& plan_of(std::int64_t images) const;
};

/// The mapping of the options, or what the rules choose: additions of what stays in the buffer cost
/// nothing, so they are fused; those of what streams are if that costs less than none of them.
/// Throws WorkloadError.
[[nodiscard]] ChosenMapping plan_mapping(const ChipSpec& chip, const Graph& network,
                                         const CompileOptions& options);

/// What `compile` chooses with these options, without a program.
[[nodiscard]] Mapping choose_mapping(const ChipSpec& chip, const Graph& graph,
                                     const CompileOptions& options = {});

/// What the cost model makes of a mapping: its layers one after another, each as often as it runs,
/// on the cores that have most images; bytes of all cores.
[[nodiscard]] LayerCost mapping_cost(const ChipSpec& chip, const Graph& graph,
                                     const Mapping& mapping);

/// The sum of its layers' times (layer_time.h) on the cores that have most images.
[[nodiscard]] CoreCycles mapping_time(const ChipSpec& chip, const Graph& graph,
                                      const Mapping& mapping);

/// A mapping, and how it was found.
struct MappingCandidate {
  std::string how;
  Mapping mapping;
  LayerCost cost;      ///< mapping_cost
  CoreCycles time{0};  ///< mapping_time
};

/// Mappings worth a look, all legal and different, in an order that is always the same. The first
/// is the compiler's own. Others come from its rules
///  - with other weights of the DRAM's work, with and without parts of the batch, without fusion;
///  - on a chip with half of the buffer, accumulators, matrix units, channels or FIFO: what fits
///    there is legal here, so that more hardware need not be slower;
///  - with chunks or pieces of other sizes in all layers, or each layer in its best way
///    (mapping_neighbours.h);
/// and from each of these the way to run a layer that its weights prefer, layer by layer
/// (layer_candidates.h).
/// `kept`: as CompileOptions has it.
[[nodiscard]] std::vector<MappingCandidate> candidate_mappings(
    const ChipSpec& chip, const Graph& graph, const std::set<std::string>& kept = {});

}  // namespace systole
