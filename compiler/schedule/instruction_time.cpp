#include "compiler/schedule/instruction_time.h"

#include <algorithm>

#include "arch/dataflow.h"
#include "arch/units/wide.h"
#include "arch/vector_timing.h"
#include "compiler/mapping/gemm_cost.h"

namespace systole {

namespace {

std::int64_t accesses(const ChipSpec& chip, std::int64_t bytes) {
  return ceil_div(bytes, chip.buffer.port_width.count());
}

std::int64_t dram(const ChipSpec& chip, std::int64_t bytes) {
  return dram_cycles(chip, Bytes(bytes), ceil_div(bytes, chip.dma.request.count())).count();
}

}  // namespace

InstructionTime time_of(const ChipSpec& chip, const Fold& fold) {
  const MatrixUnitSpec& matrix = chip.matrix;
  const DataflowRule& rule = rule_of(matrix.dataflow);
  const std::int64_t reads = fold.count * accesses(chip, bytes_of(fold.activation_type, fold.rows));
  const std::int64_t pace = matrix.pace(fold.activation_type, fold.weight_type).count();
  const std::int64_t steps = extent(fold, rule.time) * pace;
  const std::int64_t alone = matrix.overlap == Overlap::None ? matrix.rows : 0;
  const std::int64_t loads = rule.loads_inputs ? std::max(matrix.rows, reads) : 0;
  const std::int64_t unloads = rule.unloads_outputs && fold.drain ? matrix.rows : 0;
  const std::int64_t busy = std::max({steps, reads, loads, unloads}) + alone;
  return {.busy = busy, .results = busy + unloads + matrix.rows + matrix.cols - 2};
}

InstructionTime time_of(const ChipSpec& chip, const LoadTile& load) {
  const std::int64_t bytes = load.runs() * load.run_bytes();
  const std::int64_t converting =
      load.conversion->converts() ? load.rows * chip.weight_fifo.conversion_of(load.type).count()
                                  : 0;
  if (load.from == TileSource::Buffer) {
    const std::int64_t busy = std::max(load.runs() * accesses(chip, load.run_bytes()), converting);
    return {.busy = busy, .results = busy};
  }
  const std::int64_t memory = dram(chip, bytes);
  const std::int64_t busy = std::max(memory, converting);
  return {.busy = busy, .results = busy + dram_latency(chip).count(), .memory = memory};
}

InstructionTime time_of(const ChipSpec& chip, EngineKind engine, const Transfer& transfer) {
  const std::int64_t bytes = transfer.rows * transfer.row_bytes;
  if (engine == EngineKind::Host) {
    const Wide bandwidth = chip.host.bandwidth.count();
    const Wide wanted = static_cast<Wide>(bytes) * chip.frequency.count();
    const auto busy = static_cast<std::int64_t>((wanted + bandwidth - 1) / bandwidth);
    return {.busy = busy, .results = busy + chip.host.latency.count()};
  }
  const std::int64_t memory = dram(chip, bytes);
  const std::int64_t busy = std::max(memory, chip.dma.issue.count());
  return {.busy = busy,
          .results = busy + chip.dma.issue.count() + dram_latency(chip).count(),
          .memory = memory};
}

InstructionTime time_of(const ChipSpec& chip, const RowLoop& loop) {
  const VectorTiming timing = vector_timing(chip.vector, chip.buffer.port_width, loop);
  const std::int64_t busy =
      std::max({timing.compute.count(), timing.first_reads, timing.second_reads, timing.writes,
                timing.accumulator_reads});
  return {.busy = busy, .results = busy};
}

}  // namespace systole
