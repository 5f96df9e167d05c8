#pragma once

#include <cstdint>
#include <vector>

#include "arch/chip_spec.h"
#include "compiler/allocation/lifetimes.h"
#include "compiler/graph/graph.h"

namespace systole {

/// Where a streamed operand of a layer lives. `None`: all of it is in the unified buffer; `Passing`
/// as well, and it comes (an input of the network, before its first reader) or goes (an output,
/// after its producer) over the host link here, `PassingDram` from or to DRAM. `Tiles`: in DRAM,
/// and the array takes it from there tile by tile.
enum class Home : std::uint8_t { None, Passing, PassingDram, Dram, Host, Tiles };

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

/// Of a node whose operands all stream.
[[nodiscard]] OperandHomes streaming_homes(const ChipSpec& chip, const Graph& graph,
                                           const TensorLives& lives, const Node& node);

/// Of a layer where the tensors `resident` (roots, ascending) stay; `streaming`: its homes if none
/// did.
[[nodiscard]] OperandHomes homes_with(const Graph& graph, const TensorLives& lives,
                                      std::int32_t layer, OperandHomes streaming,
                                      const std::vector<GraphTensorId>& resident);

/// Where they are if all of them stay.
[[nodiscard]] OperandHomes staying_homes(const Graph& graph, const TensorLives& lives,
                                         std::int32_t layer, const OperandHomes& streaming);

/// By tensor (roots only): those that never stay in the unified buffer. States; right operands of
/// products on a chip that takes tiles from DRAM alone; inputs that are there and that the array
/// alone reads.
[[nodiscard]] std::vector<bool> kept_in_dram(const ChipSpec& chip, const Graph& graph,
                                             const TensorLives& lives);

}  // namespace systole
