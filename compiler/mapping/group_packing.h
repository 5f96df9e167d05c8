#pragma once

#include <cstdint>
#include <optional>

#include "arch/chip_spec.h"
#include "compiler/graph/graph.h"
#include "compiler/mapping/weights.h"

namespace systole {

/// How many groups of a layer with weights lie side by side in its tiles, block by block with zeros
/// between them: a number that divides the groups, of which the array has columns for all. Of p
/// groups each tile has p k reduction elements and p n output channels, of which a p-th are
/// products of the network; the array, and the vector unit behind it, then take fewer and wider
/// folds (depthwise layers: one column otherwise).
///
/// The choice is the least of max(array, vector unit, DRAM) + DRAM / 8 of one unit for one image
/// (cores and parts of a batch share the tiles, so the batch must not matter), in closed form:
///   array   tiles x folds of the longer side x max(time, rows), the axes as in arch/dataflow.h
///   vector  groups / p x ceil(p n / lanes) x m
///   DRAM    p times the layer's weights at the peak; of whole tiles, all of each
/// and of equals the fewest. Of integers alone: floating sums are compared in the order of their
/// tiles (reference/compare/summation_order.h), which would differ from group to group.
[[nodiscard]] std::int64_t groups_side_by_side(const ChipSpec& chip, const Graph& graph,
                                               const Node& node, const Weights& weights = {});

/// Whether several groups of the layer may lie in a tile.
[[nodiscard]] bool may_pack(const Graph& graph, const Node& node);

/// A layer as the array computes it: as `gemm_shape` has it, so many of its groups in a tile.
[[nodiscard]] std::optional<GemmShape> mapped_gemm(const Graph& graph, const Node& node,
                                                   std::int64_t side_by_side);
/// The same with as many as the rule above says.
[[nodiscard]] std::optional<GemmShape> mapped_gemm(const ChipSpec& chip, const Graph& graph,
                                                   const Node& node, const Weights& weights = {});

}  // namespace systole
