#pragma once

#include <cstdint>
#include <vector>

#include "arch/chip_spec.h"
#include "compiler/graph/graph.h"
#include "compiler/mapping/choose_mapping.h"
#include "compiler/mapping/mapping.h"
#include "compiler/mapping/weights.h"

namespace systole {

/// Mappings that run one layer in another way (layer_ways.h), with its operands where they are or
/// with some of them staying in the unified buffer that stream, or streaming that stay; layers that
/// share these operands are then run in the way that is best for them. Those that save most time,
/// or lose least of it, by `layer_time` first; all legal, at most `most` of them. None of networks
/// whose cores have different numbers of images: tiles are common to these.
[[nodiscard]] std::vector<MappingCandidate> neighbours_at(const ChipSpec& chip, const Graph& graph,
                                                          const Mapping& mapping,
                                                          std::int32_t layer, std::size_t most,
                                                          const Weights& weights = {.dram = 0});

/// Each layer in its best way for operands that are where they are, where all that fits.
[[nodiscard]] Mapping with_best_ways(const ChipSpec& chip, const Graph& graph,
                                     const Mapping& mapping, const Weights& weights = {.dram = 0});

}  // namespace systole
