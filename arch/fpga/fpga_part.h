#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "arch/chip_spec.h"
#include "arch/isa/mac_kind.h"
#include "arch/units/units.h"

namespace systole {

/// Hard blocks that multiply: DSP slices, tensor blocks, AI engines.
struct MultiplierBlocks {
  std::string name;
  std::int64_t count = 0;
  /// Products that one block makes in a cycle of the chip's clock, by kind; 0: it cannot.
  std::array<std::int64_t, kMacKindCount> macs{};
};

/// On-chip memory blocks of one kind, with one access a cycle as the chip uses them. A block of
/// `bits` bits is organised as words of one of `widths` bits.
struct MemoryBlocks {
  std::string name;
  std::int64_t count = 0;
  std::int64_t bits = 0;
  std::vector<std::int64_t> widths;  ///< descending

  /// Blocks for `depth` words of `width` bits: columns side by side times rows on top of one
  /// another, for the width that needs the fewest.
  [[nodiscard]] std::int64_t blocks_for(std::int64_t width, std::int64_t depth) const;
};

/// Soft logic that comes with a part of the chip.
struct LogicCost {
  std::int64_t luts = 0;
  std::int64_t flip_flops = 0;
};

/// A part that a chip can be built on: what it has, and what the chip's parts cost on it.
/// Not modelled: placement, routing, super logic regions, I/O pins.
struct FpgaPart {
  std::string name;
  std::string description;
  std::int64_t luts = 0;
  std::int64_t flip_flops = 0;
  MultiplierBlocks multipliers;
  std::vector<MemoryBlocks> memories;
  Hertz clock_limit{0};  ///< at which designs of this size close timing
  BytesPerSecond dram_bandwidth{0};
  Bytes dram_capacity{0};
  LogicCost pe;                  ///< beside its multiplier block
  LogicCost float_pe;            ///< the same for PEs that also add in binary32
  LogicCost lane;                ///< a lane of the vector unit
  std::int64_t lane_blocks = 0;  ///< multiplier blocks of `lanes_per_blocks` lanes
  std::int64_t lanes_per_blocks = 1;
  LogicCost shell;  ///< host link, DRAM controllers, DMA, sequencer
  std::vector<Fact> facts;
};

/// Reads configs/fpgas/NAME.yaml (docs/fpga.md). Throws ConfigError.
[[nodiscard]] FpgaPart read_fpga_part(const std::string& file);

}  // namespace systole
