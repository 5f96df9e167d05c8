/// Wall time of the DRAM without a simulator: spans through the channels of a chip's memory, and
/// trains of single bursts through `systole dram`'s.
#include <cstdint>

#include <benchmark/benchmark.h>

#include "sim/dram/channel_replay.h"
#include "sim/dram/dram_system.h"
#include "tests/sim/dram/dram_specs.h"
#include "tests/sim/dram/dram_traffic.h"

namespace systole::testing {
namespace {

/// Keeps 16 spans of `bytes` in flight, as a DMA engine does; goes from news to news.
template <class Address>
void stream(benchmark::State& state, const DramSpec& spec, std::int64_t bytes,
            const Address& address,
            DramSystem::Lockstep lockstep = DramSystem::Lockstep::Together) {
  DramSystem system(spec, DramSystem::kQueueDepth, {}, lockstep);
  std::int64_t sent = 0;
  std::int64_t finished = 0;
  std::int64_t cycle = 0;
  for ([[maybe_unused]] auto iteration : state) {
    for (; sent - finished < 16; ++sent) {
      const DramSpan span{
          static_cast<SpanId>(sent), {}, DramOperation::Read, address(sent), Bytes(bytes)};
      system.submit(span, DramCycles(cycle));
    }
    cycle = system.next_news()->count();
    finished += static_cast<std::int64_t>(system.decide(DramCycles(cycle)).size());
    ++cycle;
  }
  const auto rate = [](std::int64_t count) {
    return benchmark::Counter(static_cast<double>(count), benchmark::Counter::kIsRate);
  };
  const DramCounters counters = system.counters();
  state.counters["bursts"] = rate(counters.reads);
  state.counters["cycles"] = rate(cycle);
  state.counters["reached"] = static_cast<double>(counters.data_bus_busy.count()) /
                              static_cast<double>(cycle * spec.channels);
}

void sequential(benchmark::State& state, const DramStandard& standard, DramMapping mapping) {
  const std::int64_t bytes = state.range(0);
  DramSpec spec = memory_of(standard, 1);
  spec.mapping = mapping;
  const std::int64_t spans = spec.capacity.count() / bytes;
  stream(state, spec, bytes, [=](std::int64_t index) { return index % spans * bytes; });
}

/// Spans over 16 channels from `offset` on: all of them in lockstep, or in two groups where an
/// offset of a few interleaves puts some channels a block ahead.
void over_channels(benchmark::State& state, std::int64_t offset, DramSystem::Lockstep lockstep) {
  const std::int64_t bytes = state.range(0);
  const DramSpec spec = memory_of(ddr4_2400(), 16);
  const std::int64_t spans = spec.capacity.count() / bytes - 1;
  stream(
      state, spec, bytes, [=](std::int64_t index) { return offset + index % spans * bytes; },
      lockstep);
}

/// Tiles of `bytes` in requests of 4 KiB over 16 channels, 16 requests under way at a time: one
/// train after the other, each as soon as the one before has been sent.
void trains(benchmark::State& state) {
  const Bytes tile(state.range(0));
  const DramSpec spec = memory_of(ddr4_2400(), 16);
  const std::int64_t tiles = spec.capacity / tile;
  const Clock<CoreCycles> clock(Hertz(940'000'000));
  DramSystem system(spec);
  std::int64_t sent = 0;
  DramCycles cycle{0};
  const auto send = [&] {
    const std::int64_t address = sent++ % tiles * tile.count();
    system.submit(DramTrain{.id = static_cast<SpanId>(sent),
                            .address = address,
                            .length = tile,
                            .request = Bytes(4096),
                            .window = 16,
                            .clock = clock},
                  cycle);
  };
  send();
  for ([[maybe_unused]] auto iteration : state) {
    bool free = false;
    for (const TrainNews& news : system.train_news()) {
      free = free || news.kind == TrainNews::Kind::Sent;
    }
    system.train_news().clear();
    if (free) {
      send();
      continue;
    }
    cycle = *system.next_news();
    system.decide(cycle);
    cycle += DramCycles(1);
  }
  state.counters["bursts"] =
      benchmark::Counter(static_cast<double>(system.counters().reads), benchmark::Counter::kIsRate);
}

void scattered(benchmark::State& state, const DramStandard& standard) {
  const DramSpec spec = memory_of(standard, 1);
  const auto bursts = static_cast<std::uint64_t>(spec.capacity.count() / 64);
  stream(state, spec, 64, [=](std::int64_t index) {
    return static_cast<std::int64_t>(splitmix64(static_cast<std::uint64_t>(index)) % bursts) * 64;
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

BENCHMARK_CAPTURE(sequential, ddr3_lin, ddr3_2133(), DramMapping::Linear)
    ->Arg(64)
    ->Arg(4096)
    ->Arg(1 << 20);
BENCHMARK_CAPTURE(sequential, ddr4_lin, ddr4_2400(), DramMapping::Linear)->Arg(1 << 20);
BENCHMARK_CAPTURE(sequential, ddr4_bgi, ddr4_2400(), DramMapping::BankGroupInterleaved)
    ->Arg(1 << 20);
BENCHMARK_CAPTURE(sequential, lpddr4_lin, lpddr4_3200(), DramMapping::Linear)->Arg(1 << 20);
BENCHMARK_CAPTURE(over_channels, together, 0, DramSystem::Lockstep::Together)
    ->Arg(4096)
    ->Arg(1 << 16)
    ->Arg(1 << 20);
BENCHMARK_CAPTURE(over_channels, two_groups, 1536, DramSystem::Lockstep::Together)->Arg(4096);
BENCHMARK_CAPTURE(over_channels, alone, 0, DramSystem::Lockstep::Alone)->Arg(4096);
BENCHMARK(trains)->Arg(1 << 15)->Arg(1 << 20);
BENCHMARK_CAPTURE(scattered, ddr3, ddr3_2133());
BENCHMARK_CAPTURE(scattered, ddr4, ddr4_2400());

}  // namespace
}  // namespace systole::testing

BENCHMARK_MAIN();
