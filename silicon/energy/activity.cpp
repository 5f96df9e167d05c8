#include "silicon/energy/activity.h"

#include <algorithm>

#include "arch/dataflow.h"
#include "arch/units/bits.h"
#include "arch/units/wide.h"
#include "silicon/area/area.h"

namespace systole {

namespace {

constexpr std::int64_t kFemtosecondsPerSecond = 1'000'000'000'000'000;

CoreCycles busy_cycles(const EngineCounters& engine) {
  return engine[Cause::Busy] + engine[Cause::Shift] + engine[Cause::Drain];
}

void add_engines(Activity& activity, const PerEngine<EngineCounters>& engines) {
  for (const EngineCounters& engine : engines) {
    activity.instructions += engine.instructions;
  }
  activity.matrix_busy = busy_cycles(total_of(engines, EngineKind::Matrix));
  activity.vector_busy = busy_cycles(total_of(engines, EngineKind::Vector));
}

/// Ranks of all channels.
std::int64_t ranks_of(const DramSpec& dram) {
  const DramOrganization& organization = dram.standard.organization;
  return dram.channels * organization.pseudo_channels * organization.ranks;
}

DramRunResult over_time(const ChipSpec& chip, Wide femtoseconds) {
  DramRunResult run;
  const Wide cycles = femtoseconds / chip.dram.standard.timing.tCK.count();
  run.cycles = DramCycles(static_cast<std::int64_t>(cycles));
  run.rank_cycles = run.cycles * ranks_of(chip.dram);
  return run;
}

/// How a rank is refreshed that nobody uses: in each nREFI `times` refreshes of `work` cycles, of
/// all its banks or of one.
struct IdleRefresh {
  std::int64_t times = 0;
  DramCycles work{0};
  bool of_banks = false;
};

IdleRefresh idle_refresh(const DramSpec& dram) {
  const DramTiming& timing = dram.standard.timing;
  if (dram.controller.refresh == RefreshKind::Off || timing.nREFI == DramCycles(0)) {
    return {};
  }
  if (!refreshes_banks(dram.controller, dram.standard)) {
    return {.times = 1, .work = timing.nRFC};
  }
  return {.times = dram.standard.organization.banks_per_rank(),
          .work = timing.nRFCpb,
          .of_banks = true};
}

/// Refreshes of one rank in the time of the run.
std::int64_t refreshes_of_rank(const DramRunResult& run, const DramSpec& dram) {
  const IdleRefresh refresh = idle_refresh(dram);
  return refresh.times == 0 ? 0 : run.cycles * refresh.times / dram.standard.timing.nREFI;
}

void add_refreshes(DramRunResult& run, const DramSpec& dram) {
  const std::int64_t refreshes = refreshes_of_rank(run, dram) * ranks_of(dram);
  (idle_refresh(dram).of_banks ? run.bank_refreshes : run.refreshes) = refreshes;
}

/// For each of its refreshes a rank without requests is awake for nXP, the refresh, and the cycles
/// after which it goes down again.
DramCycles idle_power_down(const DramRunResult& run, const DramSpec& dram) {
  const DramCycles after = dram.controller.power_down;
  if (after == DramCycles(0)) {
    return DramCycles(0);
  }
  const DramCycles awake = dram.standard.timing.nXP + idle_refresh(dram).work + after;
  const DramCycles down = run.cycles - awake * refreshes_of_rank(run, dram);
  return std::max(DramCycles(0), down) * ranks_of(dram);
}

/// The most that streams from the weight FIFO in `cycles`, where weights stream: an array's edge of
/// them each step.
std::int64_t streamed_weight_bytes(const ChipSpec& chip, MacKind kind, std::int64_t cycles) {
  const DataflowRule& rule = rule_of(chip.matrix.dataflow);
  if (rule.loads_weights) {
    return 0;
  }
  const std::int64_t edge = rule.cols == Axis::N ? chip.matrix.cols : chip.matrix.rows;
  return cycles / chip.matrix.pace(kind).count() * edge * operand_bits(kind).weight / kBitsPerByte;
}

}  // namespace

Activity activity_of(const Counters& counters) {
  Activity activity{.actions = counters.actions,
                    .elapsed = counters.elapsed,
                    .dram_bytes = counters.dram.read_bytes + counters.dram.write_bytes};
  add_engines(activity, counters.engines);
  return activity;
}

Activity activity_of(const LayerCounters& layer) {
  Activity activity{.actions = layer.actions,
                    .elapsed = layer.exposed,
                    .dram_bytes = layer.dram_read_bytes + layer.dram_write_bytes};
  add_engines(activity, layer.engines);
  return activity;
}

DramRunResult dram_run_of(const ChipSpec& chip, const Counters& counters) {
  const Wide time = Wide{counters.elapsed.count()} * chip.clock().period().count();
  DramRunResult run = over_time(chip, time);
  run.activates = counters.dram.activates;
  run.rows_closed = counters.dram.activates;
  run.reads = counters.dram.reads;
  run.writes = counters.dram.writes;
  run.refreshes = counters.dram.refreshes;
  run.bank_refreshes = counters.dram.bank_refreshes;
  run.active_power_down_cycles = counters.dram.active_power_down;
  run.precharged_power_down_cycles = counters.dram.precharged_power_down;
  run.active_cycles = run.rank_cycles - run.precharged_power_down_cycles;
  return run;
}

DramRunResult idle_dram_second(const ChipSpec& chip) {
  DramRunResult run = over_time(chip, kFemtosecondsPerSecond);
  add_refreshes(run, chip.dram);
  run.precharged_power_down_cycles = idle_power_down(run, chip.dram);
  return run;
}

DramRunResult full_dram_second(const ChipSpec& chip) {
  DramRunResult run = over_time(chip, kFemtosecondsPerSecond);
  add_refreshes(run, chip.dram);
  run.active_cycles = run.rank_cycles;
  const DramOrganization& organization = chip.dram.standard.organization;
  run.reads = run.cycles.count() / chip.dram.standard.timing.nBL.count() * chip.dram.channels *
              organization.pseudo_channels;
  run.activates = run.reads / organization.bursts_per_row;
  run.rows_closed = run.activates;
  return run;
}

Activity full_second(const ChipSpec& chip, MacKind kind) {
  const std::int64_t cycles = chip.frequency.count();
  const std::int64_t dram_bytes = chip.dram.peak_bandwidth().count();
  const DataflowRule& rule = rule_of(chip.matrix.dataflow);
  const std::int64_t units = chip.matrix_units();
  const std::int64_t tiles = cycles / chip.matrix.rows * units;  // each takes R cycles to shift
  Activity activity{.elapsed = CoreCycles(cycles),
                    .matrix_busy = CoreCycles(cycles * units),
                    .vector_busy = CoreCycles(cycles * chip.cores),
                    .dram_bytes = dram_bytes};
  ActionCounters& actions = activity.actions;
  actions.macs = cycles / chip.matrix.pace(kind).count() * chip.macs_per_cycle();
  actions.macs_of_kind[static_cast<std::size_t>(kind)] = actions.macs;
  actions.array_loads = rule.loads() ? tiles : 0;
  actions.array_unloads = rule.unloads_outputs ? tiles : 0;
  actions.weight_bytes = dram_bytes;
  actions.weight_bytes_again = streamed_weight_bytes(chip, kind, cycles) * units;
  actions.accumulator_reads = cycles * units;
  actions.accumulator_writes = cycles * units;
  actions.buffer_reads = cycles * chip.cores * ceil_div(chip.buffer.ports, 2);
  actions.buffer_writes = cycles * chip.cores * (chip.buffer.ports / 2);
  actions.host_in_bytes = chip.host.bandwidth.count();
  return activity;
}

}  // namespace systole
