#pragma once

#include <cstdint>
#include <vector>

#include "arch/chip_spec.h"
#include "compiler/graph/graph.h"
#include "compiler/mapping/gemm_cost.h"
#include "compiler/mapping/operand_homes.h"
#include "compiler/tiling/band.h"

namespace systole {

/// What one way to run a layer costs: an estimate, to compare ways.
struct LayerCost {
  CoreCycles cycles{0};  ///< of the busiest of array, vector unit, DRAM and host link, and exposed
  CoreCycles memory{0};  ///< of the DRAM alone
  Bytes dram{0};         ///< that it moves

  [[nodiscard]] std::int64_t score(const Weights& by = {}) const {
    return by.score(cycles, memory);
  }
  bool operator==(const LayerCost&) const = default;
};

/// Cost of a layer whose output is made in bands of `size`. A band meets all of the layer's weights
/// (gemm_cost), and its streamed operands come and go with it, rows that two bands need twice.
/// Engines overlap, but for what one band has to wait for: its load hides behind the products with
/// the first slice of n only, as each slice needs all of the band; and it is stored when the last
/// slice is done, features slice by slice. Each transfer of a band over the host link pays the
/// link's latency, as it waits for the work before it. `weights`: by what the rules choose that
/// share it among the units.
[[nodiscard]] LayerCost layer_cost(const ChipSpec& chip, const Graph& graph, const Node& node,
                                   const BandSize& size, const OperandHomes& homes,
                                   const Weights& weights = {});

/// What the vector unit takes for a row of positions of a layer without products. `rows_first`: of
/// a max pooling that is done so (tiling/rows_first.h), the maxima of its rows and those of
/// columns.
[[nodiscard]] CoreCycles vector_cycles(const ChipSpec& chip, const Graph& graph, const Node& node,
                                       bool rows_first = false);

/// The same of a way that is given whole: its bands, groups side by side and plans.
struct LayerMapping;
[[nodiscard]] LayerCost layer_cost(const ChipSpec& chip, const Graph& graph, const Node& node,
                                   const LayerMapping& mapping, const OperandHomes& homes);

}  // namespace systole
