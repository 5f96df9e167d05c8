#pragma once

#include <cstdint>
#include <vector>

#include "arch/chip_spec.h"
#include "compiler/graph/graph.h"
#include "compiler/mapping/gemm_cost.h"
#include "compiler/tiling/band.h"

namespace systole {

/// Where a streamed operand of a layer lives; `None`: all of it is in the unified buffer.
enum class Home : std::uint8_t { None, Dram, Host };

/// Of a layer's operands.
struct OperandHomes {
  std::vector<Home> inputs;
  Home output = Home::None;

  [[nodiscard]] bool any_streams() const;
  auto operator<=>(const OperandHomes&) const = default;
};

/// What one way to run a layer costs: an estimate, to compare ways.
struct LayerCost {
  CoreCycles cycles{0};  ///< of the busiest of array, vector unit, DRAM and host link
  CoreCycles memory{0};  ///< of the DRAM alone

  [[nodiscard]] std::int64_t score() const { return systole::score(cycles, memory); }
};

/// Cost of a layer whose output is made in bands of `size`. A band meets all of the layer's weights
/// (gemm_cost), and its streamed operands come and go with it, rows that two bands need twice.
/// Engines overlap.
[[nodiscard]] LayerCost layer_cost(const ChipSpec& chip, const Graph& graph, const Node& node,
                                   const BandSize& size, const OperandHomes& homes);

}  // namespace systole
