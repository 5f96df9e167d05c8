#pragma once

#include <cstdint>
#include <vector>

#include "arch/chip_spec.h"
#include "compiler/graph/graph.h"
#include "compiler/mapping/gemm_cost.h"
#include "compiler/tiling/band.h"

namespace systole {

/// Where a streamed operand of a layer lives. `None`: all of it is in the unified buffer; `Passing`
/// as well, and it comes (an input of the network, before its first reader) or goes (an output,
/// after its producer) over the host link here. `Tiles`: in DRAM, and the array takes it from there
/// tile by tile.
enum class Home : std::uint8_t { None, Passing, Dram, Host, Tiles };

[[nodiscard]] constexpr bool streams(Home home) {
  return home == Home::Dram || home == Home::Host;
}

/// Of a layer's operands.
struct OperandHomes {
  std::vector<Home> inputs;
  Home output = Home::None;

  /// Whether bands can do anything but cost: hide transfers.
  [[nodiscard]] bool any_moves() const;
  auto operator<=>(const OperandHomes&) const = default;
};

/// What one way to run a layer costs: an estimate, to compare ways.
struct LayerCost {
  CoreCycles cycles{0};  ///< of the busiest of array, vector unit, DRAM and host link, and exposed
  CoreCycles memory{0};  ///< of the DRAM alone

  [[nodiscard]] std::int64_t score() const { return systole::score(cycles, memory); }
  bool operator==(const LayerCost&) const = default;
};

/// Cost of a layer whose output is made in bands of `size`. A band meets all of the layer's weights
/// (gemm_cost), and its streamed operands come and go with it, rows that two bands need twice.
/// Engines overlap, but for what one band has to wait for: its load hides behind the products with
/// the first slice of n only, as each slice needs all of the band; and it is stored when the last
/// slice is done, features slice by slice. Each transfer of a band over the host link pays the
/// link's latency, as it waits for the work before it.
[[nodiscard]] LayerCost layer_cost(const ChipSpec& chip, const Graph& graph, const Node& node,
                                   const BandSize& size, const OperandHomes& homes);

}  // namespace systole
