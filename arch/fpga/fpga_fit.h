#pragma once

#include "arch/chip_spec.h"
#include "arch/fpga/fpga_part.h"

namespace systole {

/// What a chip takes of a part, each resource in its own unit, whether or not it fits:
///  - multiplier blocks: the most over the kinds of operands of
///    ceil(rows * columns / (products a block makes * pace)), and the vector unit's
///    ceil(lanes / lanes_per_blocks) * lane_blocks;
///  - LUTs and flip-flops: PEs, lanes and the shell;
///  - memory blocks: each bank of the unified buffer (port_width bytes wide), each bank of the
///    accumulators (columns * 32 bits) and the weight FIFO (one row of weights wide), the largest
///    memory first, each in the kind of block that is the less full with it;
///  - the DRAM's peak bandwidth (B/s) and capacity (B).
/// Throws InternalError where the part cannot multiply a kind that the chip has; `can_multiply`
/// tells.
[[nodiscard]] std::vector<ResourceUse> resources_of(const ChipSpec& chip, const FpgaPart& part);

/// Whether the part's blocks multiply this kind.
[[nodiscard]] bool can_multiply(const FpgaPart& part, MacKind kind);

}  // namespace systole
