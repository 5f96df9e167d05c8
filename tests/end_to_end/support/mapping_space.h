#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arch/chip_spec.h"
#include "compiler/graph/graph.h"
#include "compiler/mapping/mapping.h"

namespace systole {

/// One small layer on a small chip, both drawn from a seed: convolutions, grouped ones, dense
/// layers; any dataflow and overlap, one or two matrix units.
struct SmallLayerCase {
  ChipSpec chip;
  std::string network;  ///< YAML
  std::string text;     ///< what both are, for messages
};
[[nodiscard]] SmallLayerCase small_layer_case(std::uint32_t seed);

/// Every legal mapping of a network of one layer: what stays, bands, groups or positions side by
/// side, chunks of all, a half, ... an eighth of the accumulators, five sizes of pieces, where sums
/// are, in how many parts the last slices are. Each once.
[[nodiscard]] std::vector<Mapping> all_mappings(const ChipSpec& chip, const Graph& graph);

}  // namespace systole
