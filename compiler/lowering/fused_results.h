#pragma once

#include <optional>

#include "arch/isa/recipes.h"
#include "compiler/graph/graph.h"
#include "compiler/lowering/quantize.h"

namespace systole {

/// Sums of a layer with weights on their way through the layer that is fused behind it.
struct FusedSums {
  std::int64_t accumulator = 0;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::optional<Operand> bias;
  FixedPoint scale;   ///< of int8: to the steps of the layer's own result
  Operand factors;    ///< of int8: in its place one for each column, where there are any
  float factor = 1;   ///< of floating types: of each sum
  Destination first;  ///< what the layer's own result would be; its place is that of the second's
  Operand table;      ///< of the second layer, where it looks int8 up
  Operand other;      ///< what it adds, where the sums are
  std::int64_t other_pitch = 0;
};

/// The loop that makes the second layer's results of them: the first's result, limited or rounded
/// to what would be stored, is never stored. `node`: the second layer.
[[nodiscard]] RowLoop fused_loop(const Graph& graph, const Node& node, const FusedSums& sums);

/// The element-wise sum of two int8 tensors: what one rounding takes.
[[nodiscard]] SharedShift shared_shift(const Graph& graph, const Node& add);

}  // namespace systole
