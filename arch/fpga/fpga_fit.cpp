#include "arch/fpga/fpga_fit.h"

#include <algorithm>

#include "arch/diag/check.h"

namespace systole {

namespace {

constexpr std::int64_t kBitsOfByte = 8;
constexpr std::int64_t kBitsOfSum = 32;

/// A memory of the chip: `banks` of `depth` words of `width` bits.
struct ChipMemory {
  std::int64_t banks = 0;
  std::int64_t width = 0;
  std::int64_t depth = 0;

  [[nodiscard]] std::int64_t bits() const { return banks * width * depth; }
};

std::int64_t widest_weight_bits(const MatrixUnitSpec& matrix) {
  std::int64_t bits = 0;
  for (const auto& [kind, name] : kEnumNames<MacKind>) {
    if (matrix.supports(kind)) {
      bits = std::max(bits, widest_operand_bits(kind));
    }
  }
  return bits;
}

std::vector<ChipMemory> memories_of(const ChipSpec& chip) {
  const UnifiedBufferSpec& buffer = chip.buffer;
  const AccumulatorSpec& sums = chip.accumulators;
  std::vector<ChipMemory> memories{
      {.banks = buffer.banks,
       .width = buffer.port_width.count() * kBitsOfByte,
       .depth = buffer.capacity.count() / (buffer.banks * buffer.port_width.count())},
      {.banks = sums.banks,
       .width = chip.matrix.cols * kBitsOfSum,
       .depth = ceil_div(sums.entries, sums.banks)},
      {.banks = 1,
       .width = chip.matrix.cols * widest_weight_bits(chip.matrix),
       .depth = chip.weight_fifo.tiles * chip.matrix.rows},
  };
  std::stable_sort(memories.begin(), memories.end(),
                   [](const ChipMemory& a, const ChipMemory& b) { return a.bits() > b.bits(); });
  return memories;
}

/// Where each memory goes: the kind of block of which it leaves the larger share free.
std::vector<std::int64_t> memory_blocks(const ChipSpec& chip, const FpgaPart& part) {
  std::vector<std::int64_t> used(part.memories.size());
  for (const ChipMemory& memory : memories_of(chip)) {
    const auto filled = [&](std::size_t kind) {
      return used[kind] + memory.banks * part.memories[kind].blocks_for(memory.width, memory.depth);
    };
    std::size_t best = 0;
    for (std::size_t kind = 1; kind < used.size(); ++kind) {
      // filled / count smaller, without rounding
      if (filled(kind) * part.memories[best].count < filled(best) * part.memories[kind].count) {
        best = kind;
      }
    }
    used[best] = filled(best);
  }
  return used;
}

std::int64_t multiplier_blocks(const ChipSpec& chip, const FpgaPart& part) {
  std::int64_t blocks = 0;
  for (const auto& [kind, name] : kEnumNames<MacKind>) {
    if (chip.matrix.supports(kind)) {
      SYSTOLE_CHECK(can_multiply(part, kind), "{} does not multiply {}", part.name, name);
      const std::int64_t macs = part.multipliers.macs[static_cast<std::size_t>(kind)];
      blocks = std::max(
          blocks, ceil_div(chip.matrix.macs_per_cycle(), macs * chip.matrix.pace(kind).count()));
    }
  }
  return blocks + ceil_div(chip.vector.lanes, part.lanes_per_blocks) * part.lane_blocks;
}

bool adds_floats(const MatrixUnitSpec& matrix) {
  for (const auto& [kind, name] : kEnumNames<MacKind>) {
    if (matrix.supports(kind) && sum_type(kind) == DataType::Fp32) {
      return true;
    }
  }
  return false;
}

LogicCost logic(const ChipSpec& chip, const FpgaPart& part) {
  const LogicCost& pe = adds_floats(chip.matrix) ? part.float_pe : part.pe;
  const std::int64_t pes = chip.matrix.macs_per_cycle();
  return {.luts = pes * pe.luts + chip.vector.lanes * part.lane.luts + part.shell.luts,
          .flip_flops = pes * pe.flip_flops + chip.vector.lanes * part.lane.flip_flops +
                        part.shell.flip_flops};
}

}  // namespace

std::int64_t MemoryBlocks::blocks_for(std::int64_t width, std::int64_t depth) const {
  std::int64_t fewest = 0;
  for (const std::int64_t word : widths) {
    const std::int64_t blocks = ceil_div(width, word) * ceil_div(depth, bits / word);
    fewest = fewest == 0 ? blocks : std::min(fewest, blocks);
  }
  return fewest;
}

bool can_multiply(const FpgaPart& part, MacKind kind) {
  return part.multipliers.macs[static_cast<std::size_t>(kind)] > 0;
}

std::vector<ResourceUse> resources_of(const ChipSpec& chip, const FpgaPart& part) {
  const LogicCost used = logic(chip, part);
  std::vector<ResourceUse> uses{
      {.resource = part.multipliers.name,
       .used = multiplier_blocks(chip, part),
       .available = part.multipliers.count},
      {.resource = "LUT", .used = used.luts, .available = part.luts},
      {.resource = "flip-flop", .used = used.flip_flops, .available = part.flip_flops},
  };
  const std::vector<std::int64_t> blocks = memory_blocks(chip, part);
  for (std::size_t kind = 0; kind < blocks.size(); ++kind) {
    uses.push_back({.resource = part.memories[kind].name,
                    .used = blocks[kind],
                    .available = part.memories[kind].count});
  }
  uses.push_back({.resource = "DRAM B/s",
                  .used = chip.dram.peak_bandwidth().count(),
                  .available = part.dram_bandwidth.count()});
  uses.push_back({.resource = "DRAM B",
                  .used = chip.dram.capacity.count(),
                  .available = part.dram_capacity.count()});
  return uses;
}

}  // namespace systole
