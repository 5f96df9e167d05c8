#include "silicon/fpga/fpga_use.h"

#include <algorithm>
#include <limits>

#include "arch/chip_spec.h"
#include "arch/diag/check.h"
#include "arch/units/bits.h"

namespace systole {

namespace {

constexpr std::int64_t kSumBits = 32;
constexpr std::int64_t kDmaWordBytes = 64;
constexpr std::int64_t kDmaEngines = 2;  // in, out; one more for the weights of each matrix unit

FpgaResources fabric(const FpgaFabric& each, std::int64_t count) {
  return {.luts = each.luts * count, .flip_flops = each.flip_flops * count};
}

std::int64_t array_multipliers(const MatrixUnitSpec& matrix, const FpgaPart& part) {
  std::int64_t most = 0;
  for (const auto& [kind, name] : kEnumNames<MacKind>) {
    if (!matrix.supports(kind)) {
      continue;
    }
    const FpgaPacking& packing = part.packing_of(kind);
    SYSTOLE_CHECK(packing.macs > 0, "{} does not multiply {}", part.name, name);
    const std::int64_t needed = ceil_div(matrix.macs_per_cycle() * packing.multipliers,
                                         packing.macs * matrix.pace(kind).count());
    most = std::max(most, needed);
  }
  return most;
}

std::int64_t widest_weight_bits(const MatrixUnitSpec& matrix) {
  constexpr std::int64_t kNarrow = 8;
  constexpr std::int64_t kWide = 16;
  const bool wide = matrix.supports(MacKind::Int8xInt16) || matrix.supports(MacKind::Int16) ||
                    matrix.supports(MacKind::Fp16) || matrix.supports(MacKind::Bf16);
  return wide ? kWide : kNarrow;
}

FpgaResources buffer_use(const UnifiedBufferSpec& buffer, const FpgaPart& part) {
  const std::int64_t depth =
      ceil_div(buffer.capacity.count(), buffer.banks * buffer.port_width.count());
  const std::int64_t bits = buffer.port_width.count() * kBitsPerByte;
  if (part.large_shapes.empty()) {
    return {.block_memories = buffer.banks * memory_blocks(part.block_shapes, depth, bits)};
  }
  return {.large_memories = buffer.banks * memory_blocks(part.large_shapes, depth, bits)};
}

}  // namespace

FpgaResources& FpgaResources::operator+=(const FpgaResources& other) {
  multipliers += other.multipliers;
  block_memories += other.block_memories;
  large_memories += other.large_memories;
  luts += other.luts;
  flip_flops += other.flip_flops;
  return *this;
}

std::int64_t memory_blocks(const std::vector<FpgaMemoryShape>& shapes, std::int64_t depth,
                           std::int64_t bits) {
  SYSTOLE_CHECK(!shapes.empty(), "a memory of {} x {} bits without a shape of blocks", depth, bits);
  std::int64_t fewest = std::numeric_limits<std::int64_t>::max();
  for (const FpgaMemoryShape& shape : shapes) {
    fewest = std::min(fewest, ceil_div(depth, shape.depth) * ceil_div(bits, shape.bits));
  }
  return fewest;
}

std::vector<FpgaComponentUse> fpga_use(const ChipSpec& chip, const FpgaPart& part) {
  FpgaResources matrix = fabric(part.per_pe, chip.macs_per_cycle());
  matrix.multipliers = chip.matrix_units() * array_multipliers(chip.matrix, part);
  const AccumulatorSpec& sums = chip.accumulators;
  const FpgaResources accumulators{
      .block_memories = chip.matrix_units() * sums.banks *
                        memory_blocks(part.block_shapes, ceil_div(sums.entries, sums.banks),
                                      chip.matrix.cols * kSumBits)};
  const FpgaResources fifo{
      .block_memories = chip.matrix_units() *
                        memory_blocks(part.block_shapes, chip.matrix.rows * chip.weight_fifo.tiles,
                                      chip.matrix.cols * widest_weight_bits(chip.matrix))};
  FpgaResources vector = fabric(part.per_lane, chip.cores * chip.vector.lanes);
  vector.multipliers = chip.cores * chip.vector.lanes * part.multipliers_per_lane;
  const FpgaResources dma{
      .block_memories =
          chip.cores * (kDmaEngines + chip.matrix.count) *
          memory_blocks(part.block_shapes,
                        ceil_div(chip.dma.request.count() * chip.dma.outstanding, kDmaWordBytes),
                        kDmaWordBytes * kBitsPerByte)};
  return {{"matrix_unit", matrix},
          {"accumulators", accumulators},
          {"weight_fifo", fifo},
          {"unified_buffer", buffer_use(chip.buffer, part)},
          {"vector_unit", vector},
          {"dma", dma},
          {"dram", fabric(part.per_memory_channel, chip.dram.channels)},
          {"shell", fabric(part.shell, 1)}};
}

FpgaResources total_of(const std::vector<FpgaComponentUse>& use) {
  FpgaResources total;
  for (const FpgaComponentUse& component : use) {
    total += component.use;
  }
  return total;
}

}  // namespace systole
