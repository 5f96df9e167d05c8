#include "tests/sim/support/run_core.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "arch/counter_rows.h"
#include "sim/chip/chip.h"
#include "sim/chip/kernel.h"

namespace systole::testing {

CoreRun run_core(const ChipSpec& chip, const Program& program, const RunData* data,
                 const FakeMemoryRule& rule, RunTrace* trace) {
  prepare_kernel();
  FakeMemory memory("dram", rule, data == nullptr ? nullptr : data->dram);
  Chip cores(chip, program, data, trace);
  cores.bind(memory.socket);
  run_kernel(chip.clock());
  CoreRun run{.counters = cores.finish(), .requests = memory.arrivals()};
  expect_accounts_add_up(run.counters);
  return run;
}

void expect_accounts_add_up(const Counters& counters) {
  CoreCycles exposed{0};
  ActionCounters actions;
  for (const LayerCounters& layer : counters.layers) {
    actions.add(layer.actions);
    exposed += layer.exposed;
  }
  EXPECT_EQ(exposed.count(), counters.elapsed.count());
  EXPECT_EQ(actions, counters.actions) << "the layers' actions add up";
  for (const EngineId e : counters.engines.engines()) {
    CoreCycles total{0};
    for (std::size_t c = 0; c < kCauseCount; ++c) {
      const auto cause = static_cast<Cause>(c);
      CoreCycles of_layers{0};
      for (const LayerCounters& layer : counters.layers) {
        of_layers += layer.engines[e][cause];
      }
      EXPECT_EQ(of_layers.count(), cause == Cause::Idle ? 0 : counters.engines[e][cause].count())
          << name_of(e) << " " << name_of(cause);
      total += counters.engines[e][cause];
    }
    EXPECT_EQ(total.count(), counters.elapsed.count()) << name_of(e);
  }
}

namespace {

std::string text_of(const EngineCounters& engine) {
  std::string text = fmt::format("{} instructions", engine.instructions);
  for (const CoreCycles cycles : engine.cycles) {
    text += fmt::format(" {}", cycles.count());
  }
  return text + "\n";
}

}  // namespace

std::string text_of(const Counters& counters) {
  std::string text = fmt::format("elapsed {}\n", counters.elapsed.count());
  for (const EngineCounters& engine : counters.engines) {
    text += text_of(engine);
  }
  for (const LayerCounters& layer : counters.layers) {
    for (const EngineCounters& engine : layer.engines) {
      text += text_of(engine);
    }
    text += fmt::format("{} {} {} {} {} {} {} {}\n", layer.active.count(), layer.exposed.count(),
                        layer.first_start.count(), layer.last_end.count(), layer.macs,
                        layer.dram_read_bytes, layer.dram_write_bytes, layer.host_bytes);
  }
  const DramCounters& dram = counters.dram;
  text +=
      fmt::format("{} {} {} {} {} {} {} {} {} {} {}\n", dram.activates, dram.precharges, dram.reads,
                  dram.writes, dram.refreshes, dram.row_hits, dram.row_misses, dram.row_conflicts,
                  dram.read_bytes, dram.write_bytes, dram.data_bus_busy.count());
  const ActionCounters& actions = counters.actions;
  for_each_figure<ActionCounters>([&](const auto& row) {
    if constexpr (std::is_same_v<decltype(actions.*row.member), const std::int64_t&>) {
      text += fmt::format("{} {}\n", row.key, actions.*row.member);
    } else {
      text += fmt::format("{} {}\n", row.key, fmt::join(actions.*row.member, " "));
    }
  });
  return text;
}

}  // namespace systole::testing
