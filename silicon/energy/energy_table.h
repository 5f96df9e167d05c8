#pragma once

#include <array>
#include <string>

#include "arch/chip_spec.h"
#include "arch/energy/action.h"
#include "silicon/area/area.h"

namespace systole {

/// What every action of one chip costs, and what it draws without any. Data (operations, registers
/// that change, wires) goes by the share `activity` of what random operands would cost.
///
///   matrix_unit.KIND       multiplier + adder + pace * `write` of the registers that the product
///                          passes: the streamed operands, the product, the sum
///   matrix_unit.tile_load  rows shifts of rows * cols operands that stay (weights, or activations
///                          where these do): rows^2 * cols * bits * `write`; 0 where sums stay
///   matrix_unit.tile_unload  the same of sums of 32 bit; 0 where they do not stay
///   *.clock                registers * clock * (1 + tree), a cycle
///   accumulators.*         one access of cols * 32 bit to a bank
///   unified_buffer.*       one access of port_width to a bank, wires over half the buffer's side
///   weight_fifo.byte       a row written and read, by byte; byte_again: read alone
///   vector_unit.lane       multiplier + adder of 32 bit + 64 register bits
///   interconnect.byte      wires over half the die's side
///   ports                  the interface's energy a bit
/// Powers: leakage by part = logic mm2 * logic leakage + MiB * memory leakage; ports idle.
struct EnergyTable {
  std::array<double, kActionCount> picojoules{};
  std::array<Watts, kComponentCount> leakage{};  ///< by part of the die
  Watts dram_ports_idle{0};                      ///< all channels
  Watts host_port_idle{0};
  std::array<std::string, kActionCount> origin{};  ///< of figures that a user's table gave

  [[nodiscard]] double of(Action action) const {
    return picojoules[static_cast<std::size_t>(action)];
  }
};

/// Requires `chip.silicon`. `area` is that of the chip.
[[nodiscard]] EnergyTable energy_table(const ChipSpec& chip, const ChipArea& area);

}  // namespace systole
