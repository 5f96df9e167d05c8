#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/isa/mac_kind.h"
#include "arch/units/real_units.h"
#include "arch/units/units.h"

namespace systole {

/// What an FPGA has, and what a design takes of it.
struct FpgaResources {
  std::int64_t multipliers = 0;  ///< DSP slices, or tensor blocks
  std::int64_t block_memories = 0;
  std::int64_t large_memories = 0;  ///< 0 where the part has one kind of memory only
  std::int64_t luts = 0;
  std::int64_t flip_flops = 0;

  FpgaResources& operator+=(const FpgaResources& other);
  bool operator==(const FpgaResources&) const = default;
};

/// A block of on-chip memory: depth times width, in any of these shapes.
struct FpgaMemoryShape {
  std::int64_t depth = 0;
  std::int64_t bits = 0;
};

/// `macs` multiply-accumulates a cycle in `multipliers` of them.
struct FpgaPacking {
  std::int64_t macs = 0;  ///< 0: the part does not multiply this kind
  std::int64_t multipliers = 1;
};

/// What fabric a component takes besides multipliers and memories.
struct FpgaFabric {
  std::int64_t luts = 0;
  std::int64_t flip_flops = 0;
};

/// Energies are dynamic, at the part's nominal voltage.
struct FpgaEnergy {
  Watts static_power{0};           ///< of the whole card, clocks stopped
  Femtojoules per_mac{0};          ///< of an int8 product in its multiplier
  Femtojoules per_lut_cycle{0};    ///< a used LUT with its flip-flop, clock tree and wires
  Femtojoules per_memory_byte{0};  ///< on chip, read or written
  Femtojoules per_dram_byte{0};    ///< device and interface
};

/// One FPGA card; configs/fpga_parts/NAME.yaml. Not modelled: placement (super logic regions,
/// routing), partial reconfiguration, hard processors and vector engines beside the fabric.
struct FpgaPart {
  std::string name;
  std::string description;
  FpgaResources available;
  std::string multiplier_name;    ///< `DSP48E2`
  std::string block_memory_name;  ///< `BRAM36`
  std::string large_memory_name;  ///< `URAM`
  std::array<FpgaPacking, kMacKindCount> packing{};
  std::vector<FpgaMemoryShape> block_shapes;
  std::vector<FpgaMemoryShape> large_shapes;
  std::int64_t multipliers_per_lane = 0;  ///< requantisation: a 32 x 32 bit product
  FpgaFabric per_pe;
  FpgaFabric per_lane;
  FpgaFabric per_memory_channel;
  FpgaFabric shell;      ///< host link, DMA, sequencer, clocks
  Hertz clock_limit{0};  ///< at which large designs still close timing
  BytesPerSecond memory_bandwidth{0};
  Bytes memory{0};
  Watts tdp{0};
  FpgaEnergy energy;
  std::optional<Usd> price;

  [[nodiscard]] const FpgaPacking& packing_of(MacKind kind) const {
    return packing[static_cast<std::size_t>(kind)];
  }
};

}  // namespace systole
