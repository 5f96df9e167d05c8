#pragma once

#include <cstdint>

#include "arch/chip_spec.h"
#include "compiler/graph/graph.h"

namespace systole {

/// Cycles in which operands of a node stream through the array of one unit at least, all units
/// together (`array_bound` is what each of them has at least). With the axes of the chip's dataflow
/// along rows, columns and time (arch/dataflow.h), in any packing of output positions, groups and
/// slices onto the array, no less than each of
///   groups ceil(along rows / rows) (along columns) (in time) pace / columns
///   groups ceil(along columns / columns) (along rows) (in time) pace / rows
///   products pace / (rows columns)
/// What one step's column adds up is one output, which has no more than the reduction's products;
/// what one step's row multiplies is one element, which has no more products than outputs need it.
/// The second does not hold where an activation that several output positions read lies along the
/// rows.
///
/// Where weights stay, a step's sums are of one entry of the accumulators, whose columns leave as
/// neighbours of the output tensor: q of its outputs, of different positions or groups, need ceil
/// (elements that they read together / rows) steps, and are no more than min(columns, q n) outputs.
/// The best q counts. (docs/mapping.md has the proofs.)
[[nodiscard]] std::int64_t array_steps(const ChipSpec& chip, const Graph& graph, const Node& node);

/// Never above `fold_bound` (study/limits.h), never below `compute_bound`; zero for nodes without
/// products.
[[nodiscard]] CoreCycles array_bound(const ChipSpec& chip, const Graph& graph, const Node& node);

/// The same of folds that are of whole groups and positions, in the packing that takes fewest
/// (compiler/mapping/group_packing.h): what is beyond `array_steps` is at the edges
/// of the array. Zero for nodes without products.
[[nodiscard]] std::int64_t packed_steps(const ChipSpec& chip, const Graph& graph, const Node& node);

/// Elements that are shifted in as tiles at least: each element of the right operand once.
[[nodiscard]] std::int64_t right_elements(const Node& node, const GemmShape& gemm);

/// Outputs of a channel that read the same element of the left operand: 1 unless windows overlap or
/// matrices share it.
[[nodiscard]] std::int64_t uses_of_an_element(const Node& node);

}  // namespace systole
