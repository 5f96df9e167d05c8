/// Wall time of the DRAM without a simulator. Sequential: one span over all rows, one decision a
/// row. Scattered: spans of one burst, one decision each.
#include <cstdint>

#include <benchmark/benchmark.h>

#include "sim/dram/channel_replay.h"
#include "sim/dram/dram_system.h"
#include "tests/dram/dram_specs.h"
#include "tests/dram/dram_traffic.h"

namespace systole::testing {
namespace {

void report(benchmark::State& state, const DramSystem& system, std::int64_t cycle) {
  const DramCounters counters = system.counters(DramCycles(cycle));
  state.counters["bursts"] =
      benchmark::Counter(static_cast<double>(counters.reads), benchmark::Counter::kIsRate);
  state.counters["cycles"] =
      benchmark::Counter(static_cast<double>(cycle), benchmark::Counter::kIsRate);
}

/// Keeps 16 parts (of spans of `bytes`) in flight, as a DMA engine does; jumps from choice to
/// choice.
template <class Address>
void stream(benchmark::State& state, std::int64_t bytes, const Address& address) {
  DramSystem system(memory_of(ddr3_2133(), 2));
  std::int64_t sent = 0;
  std::int64_t finished = 0;
  std::int64_t cycle = 0;
  for ([[maybe_unused]] auto iteration : state) {
    for (; sent - finished < 16; ++sent) {
      const DramSpan span{
          static_cast<SpanId>(sent), {}, DramOperation::Read, address(sent), Bytes(bytes)};
      finished -= system.submit(span, DramCycles(cycle)) - 1;
    }
    cycle = system.next_choice()->count();
    finished += static_cast<std::int64_t>(system.choose(DramCycles(cycle)).size());
  }
  report(state, system, cycle);
}

void sequential(benchmark::State& state) {
  const std::int64_t bytes = state.range(0);
  const std::int64_t spans = (std::int64_t{1} << 33) / bytes;
  stream(state, bytes, [=](std::int64_t index) { return index % spans * bytes; });
}

void scattered(benchmark::State& state) {
  stream(state, 64, [](std::int64_t index) {
    return static_cast<std::int64_t>(splitmix64(static_cast<std::uint64_t>(index)) >> 37U) * 64;
  });
}

/// The command controller under the policies of R: bursts a wall second.
void commands(benchmark::State& state, RequestPattern pattern) {
  constexpr std::int64_t kBursts = 1'000'000;
  const DramStandard standard = ddr4_2400();
  const BitFieldMap map(standard, *address_order("bgi"));
  for (auto _ : state) {
    PatternSource source(pattern, map, kBursts);
    benchmark::DoNotOptimize(
        replay_channel(standard, DramControllerSpec{}, map, 0, 0, source).cycles);
  }
  state.counters["bursts/s"] = benchmark::Counter(static_cast<double>(kBursts * state.iterations()),
                                                  benchmark::Counter::kIsRate);
}
BENCHMARK_CAPTURE(commands, seq_rd, RequestPattern::SeqRd)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(commands, rand_rd, RequestPattern::RandRd)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(commands, mix21_rand, RequestPattern::Mix21Rand)->Unit(benchmark::kMillisecond);

BENCHMARK(sequential)->Arg(64)->Arg(1 << 16)->Arg(1 << 22);
BENCHMARK(scattered);

}  // namespace
}  // namespace systole::testing

BENCHMARK_MAIN();
