#pragma once

#include <string>
#include <vector>

#include "arch/fpga/fpga_part.h"

namespace systole {

struct ChipSpec;

struct FpgaComponentUse {
  std::string component;  ///< `matrix_unit`, `unified_buffer`, ... as in the chip's file
  FpgaResources use;
};

/// What the chip takes of the part, by component:
///   matrix_unit     for each kind of operands that it multiplies, rows * cols / pace
///                   * multipliers / macs of the packing, rounded up; the largest of these. int8
///                   pairs share an operand: two products in a DSP48E2 slice. Fabric per PE.
///   accumulators    `banks` memories of entries / banks words of cols x 32 bit
///   weight_fifo     a memory of rows * tiles words of cols weights
///   unified_buffer  `banks` memories of capacity / (banks * port_width) words of port_width,
///                   in large memories where the part has them
///   vector_unit     multipliers and fabric per lane
///   dma             for each of three engines `outstanding` requests of 512-bit words
///   dram, shell     fabric per memory channel; host link, sequencer, clocks
/// A memory of d words of w bits takes min over shapes of ceil(w / bits) * ceil(d / depth) blocks;
/// small ones in distributed memory are not modelled.
[[nodiscard]] std::vector<FpgaComponentUse> fpga_use(const ChipSpec& chip, const FpgaPart& part);

[[nodiscard]] FpgaResources total_of(const std::vector<FpgaComponentUse>& use);

/// Blocks of the best shape for `depth` words of `bits`.
[[nodiscard]] std::int64_t memory_blocks(const std::vector<FpgaMemoryShape>& shapes,
                                         std::int64_t depth, std::int64_t bits);

}  // namespace systole
