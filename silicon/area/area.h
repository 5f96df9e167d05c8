#pragma once

#include <array>

#include "arch/chip_spec.h"
#include "arch/native_kind.h"

namespace systole {

/// Area of one part of the die.
struct PartArea {
  SquareMillimetres logic{0};   ///< placed: cells over the technology's `placement`
  SquareMillimetres memory{0};  ///< macros
  SquareMillimetres phy{0};
  std::int64_t memory_bits = 0;
  bool overridden = false;  ///< by a table of the user; then `logic` holds all of it

  [[nodiscard]] SquareMillimetres total() const { return logic + memory + phy; }
};

/// The parts that have an area of their own: matrix unit, accumulators, unified buffer, weight
/// FIFO, vector unit, control, DRAM interface, host link; the others are 0.
struct ChipArea {
  std::array<PartArea, kComponentCount> parts{};
  SquareMillimetres unplaced{0};  ///< the share `unplaced` of the die
  SquareMillimetres die{0};       ///< parts / (1 - unplaced share)

  [[nodiscard]] const PartArea& part(Component which) const {
    return parts[static_cast<std::size_t>(which)];
  }
  /// Of the die, 0..1.
  [[nodiscard]] double share(Component which) const { return part(which).total() / die; }
};

/// Registers of one PE, in bits: activation, weight, product, sum; with a shadow what stays in the
/// PE (arch/dataflow.h) twice.
[[nodiscard]] std::int64_t pe_register_bits(const MatrixUnitSpec& matrix);

/// Registers of a vector lane and of the control, whose energy is that of their clocks.
inline constexpr std::int64_t kVectorLaneBits = 256;
[[nodiscard]] std::int64_t control_register_bits(const SiliconSpec& silicon);

/// Area of a chip with a technology (`chip.silicon`):
///   matrix unit     rows cols (multiplier + adder + registers of the native kind) / placement
///   accumulators    `banks` macros of entries / banks rows of cols 32 bit
///   unified buffer  `banks` macros of capacity / banks, port_width wide
///   weight FIFO     a macro a tile, a row of weights wide; where narrow weights are converted in
///                   front of it cols / pace multipliers and registers of a weight / placement
///   vector unit     lanes (4 multipliers, 4 adders of 32 bit, 256 register bits) / placement
///   control         its transistors over the density of logic
///   ports           PHY, and the controller's transistors over the density
/// Not modelled: pads, test structures and wiring beyond `unplaced`; several ports a cell.
[[nodiscard]] ChipArea chip_area(const ChipSpec& chip);

}  // namespace systole
