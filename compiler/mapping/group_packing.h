#pragma once

#include <cstdint>
#include <optional>
#include <vector>

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
/// and of equals the fewest. Of integers alone; groups of floats, and positions, are for a search
/// and for mappings.
[[nodiscard]] std::int64_t groups_side_by_side(const ChipSpec& chip, const Graph& graph,
                                               const Node& node, const Weights& weights = {});

/// Whether several groups or positions of the layer may lie in a tile: of weights that memory holds
/// as the array takes them, for the elements between them are zeros of that type.
[[nodiscard]] bool may_pack(const Graph& graph, const Node& node);

/// The numbers of groups, 1 among them, that may lie in a tile: those that divide the layer's
/// groups and for all of which the array has columns.
[[nodiscard]] std::vector<std::int64_t> group_choices(const ChipSpec& chip, const Graph& graph,
                                                      const Node& node);

/// How a layer's products lie in its tiles.
struct Packing {
  std::int64_t groups = 1;  ///< side by side
  /// Neighbouring positions of an output row that the array takes as one. Of b of them a tile has b
  /// times the outputs, each column with the weights of its own position where that one's window
  /// is, zeros where only others' are: a convolution with a kernel that is b - 1 strides wider and
  /// strides b times as far, whose output rows lie in memory as they do anyway. Of layers of one
  /// group alone, a divisor of the row's positions.
  std::int64_t pixels = 1;

  bool operator==(const Packing&) const = default;
};

/// The numbers of neighbouring positions, 1 among them, that the array has columns for; 1 alone
/// for layers of several groups, and for kernels with gaps, since a tile might be of zeros alone.
[[nodiscard]] std::vector<std::int64_t> pixel_choices(const ChipSpec& chip, const Graph& graph,
                                                      const Node& node);
/// The kernel over so many neighbouring positions.
[[nodiscard]] Kernel widened(Kernel kernel, std::int64_t pixels);

/// Which column of the kernel itself a column of the widened one is for one of the positions; none
/// where that one's window is not.
[[nodiscard]] std::optional<std::int64_t> column_under(const Kernel& kernel, std::int64_t pixels,
                                                       std::int64_t wide_column,
                                                       std::int64_t pixel);

/// A layer as the array computes it: as `gemm_shape` has it, so many of its groups, or of its
/// positions, in a tile.
[[nodiscard]] std::optional<GemmShape> mapped_gemm(const Graph& graph, const Node& node,
                                                   const Packing& packing);
/// The same with as many as the rule above says.
[[nodiscard]] std::optional<GemmShape> mapped_gemm(const ChipSpec& chip, const Graph& graph,
                                                   const Node& node, const Weights& weights = {});

}  // namespace systole
