#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include "arch/dataflow.h"
#include "sim/matrix/pe_array.h"

namespace systole {
namespace {

/// Folds of as many phases as the array has rows, back to back, each with a tile of its own where
/// the dataflow loads one and drained where it does not: every register of the array works.
class Traffic {
 public:
  Traffic(const MatrixUnitSpec& spec, SumKind sums)
      : loads_(rule_of(spec.dataflow).loads()),
        rows_(static_cast<std::size_t>(spec.rows)),
        left_(rows_),
        top_(static_cast<std::size_t>(spec.cols)) {
    for (std::vector<std::uint32_t>* lanes : {&left_, &top_}) {
      for (std::size_t i = 0; i < lanes->size(); ++i) {
        const int value = static_cast<int>(i % 7) - 3;
        (*lanes)[i] = sums == SumKind::Fp32
                          ? std::bit_cast<std::uint32_t>(static_cast<float>(value))
                          : static_cast<std::uint32_t>(value);
      }
    }
    phase_.sums = sums;
    phase_.left = left_;
    if (!loads_) {
      phase_.top = top_;
    }
  }

  /// One cycle; the results seen in it.
  std::size_t step(PeArray& array) {
    phase_.flags = {.first = step_ == 0,
                    .last = step_ + 1 == rows_,
                    .takes_shadow = loads_ && step_ == 0,
                    .clears = !loads_ && step_ == 0,
                    .drains = !loads_ && step_ + 1 == rows_};
    const ArrayIntake taken = array.cycle(
        loads_ ? std::span<const std::uint32_t>(top_) : std::span<const std::uint32_t>(), &phase_);
    if (taken.phase) {
      step_ = phase_.flags.last ? 0 : step_ + 1;
    }
    return array.visible().results.size();
  }

 private:
  bool loads_;
  std::size_t rows_;
  std::vector<std::uint32_t> left_;
  std::vector<std::uint32_t> top_;
  Phase phase_;
  std::size_t step_ = 0;
};

void pe_updates(benchmark::State& state, Dataflow dataflow, SumKind sums) {
  const std::int64_t side = state.range(0);
  MatrixUnitSpec spec;
  spec.rows = side;
  spec.cols = side;
  spec.dataflow = dataflow;
  PeArray array(spec);
  Traffic traffic(spec, sums);
  std::size_t results = 0;
  for (auto _ : state) {
    results += traffic.step(array);
  }
  benchmark::DoNotOptimize(results);
  state.counters["pe_updates_per_second"] = benchmark::Counter(
      static_cast<double>(state.iterations() * side * side), benchmark::Counter::kIsRate);
}

constexpr auto kWeights = Dataflow::WeightStationary;
constexpr auto kOutputs = Dataflow::OutputStationary;

BENCHMARK_CAPTURE(pe_updates, weight_stationary_int8, kWeights, SumKind::Int32)
    ->Arg(16)
    ->Arg(128)
    ->Arg(256);
BENCHMARK_CAPTURE(pe_updates, weight_stationary_bf16, kWeights, SumKind::Fp32)
    ->Arg(16)
    ->Arg(128)
    ->Arg(256);
BENCHMARK_CAPTURE(pe_updates, output_stationary_int8, kOutputs, SumKind::Int32)
    ->Arg(16)
    ->Arg(128)
    ->Arg(256);
BENCHMARK_CAPTURE(pe_updates, output_stationary_bf16, kOutputs, SumKind::Fp32)
    ->Arg(16)
    ->Arg(128)
    ->Arg(256);

}  // namespace
}  // namespace systole
