#pragma once

#include "arch/counters.h"
#include "arch/fpga/fpga_part.h"

namespace systole {

struct ChipSpec;

/// Average power of a card while it runs a network; all in watts.
///   multiply  MACs * per_mac / time; kinds of wider operands by their slots: mac_slots * per_mac
///   fabric    used LUTs * per_lut_cycle * clock, busy or not: clocks are not gated
///   memory    bytes through ports of buffer, accumulators and weight FIFO * per_memory_byte / time
///   dram      DRAM bytes * per_dram_byte / time
/// Not modelled: toggle rates of the data, temperature, regulators.
struct FpgaPower {
  double static_watts = 0;
  double multiply = 0;
  double fabric = 0;
  double memory = 0;
  double dram = 0;

  [[nodiscard]] double total() const { return static_watts + multiply + fabric + memory + dram; }
};

/// Requires a chip that names a part, and elapsed cycles.
[[nodiscard]] FpgaPower fpga_power(const ChipSpec& chip, const Counters& counters);

}  // namespace systole
