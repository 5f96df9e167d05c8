#include "arch/energy/activity.h"

#include "arch/area/area.h"
#include "arch/units/wide.h"

namespace systole {

namespace {

constexpr std::int64_t kFemtosecondsPerSecond = 1'000'000'000'000'000;

CoreCycles busy_cycles(const EngineCounters& engine) {
  return engine[Cause::Busy] + engine[Cause::Shift];
}

template <class Engines>
void add_engines(Activity& activity, const Engines& engines) {
  for (const EngineCounters& engine : engines) {
    activity.instructions += engine.instructions;
  }
  activity.matrix_busy = busy_cycles(engines[static_cast<std::size_t>(Engine::Matrix)]);
  activity.vector_busy = busy_cycles(engines[static_cast<std::size_t>(Engine::Vector)]);
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

std::int64_t refreshes_in(const ChipSpec& chip, DramCycles cycles) {
  const DramCycles interval = chip.dram.standard.timing.nREFI;
  return interval == DramCycles(0) ? 0 : cycles / interval * ranks_of(chip.dram);
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
  run.refreshes = refreshes_in(chip, run.cycles);
  return run;
}

DramRunResult full_dram_second(const ChipSpec& chip) {
  DramRunResult run = idle_dram_second(chip);
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
  const std::int64_t tile_bytes =
      bytes_of(DataType::Int8,
               chip.matrix.macs_per_cycle() * operand_bits(native_kind(chip.matrix)).weight / 8);
  Activity activity{.elapsed = CoreCycles(cycles),
                    .matrix_busy = CoreCycles(cycles),
                    .vector_busy = CoreCycles(cycles),
                    .dram_bytes = dram_bytes};
  ActionCounters& actions = activity.actions;
  actions.macs = cycles / chip.matrix.pace(kind).count() * chip.matrix.macs_per_cycle();
  actions.macs_of_kind[static_cast<std::size_t>(kind)] = actions.macs;
  actions.weight_bytes = dram_bytes;
  actions.weight_tiles = dram_bytes / tile_bytes;
  actions.accumulator_reads = cycles;
  actions.accumulator_writes = cycles;
  actions.buffer_reads = cycles * ceil_div(chip.buffer.ports, 2);
  actions.buffer_writes = cycles * (chip.buffer.ports / 2);
  actions.host_in_bytes = chip.host.bandwidth.count();
  return activity;
}

}  // namespace systole
