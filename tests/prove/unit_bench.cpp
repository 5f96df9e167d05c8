#include "tests/prove/unit_bench.h"

#include <algorithm>

#include "arch/diag/check.h"
#include "arch/isa/mac_kind.h"
#include "tests/prove/axes.h"

namespace systole::testing {

namespace {

constexpr std::int64_t kGigahertz = 1'000'000'000;

ChipSpec chip_of(const ProveCase& prove_case, const UnitProgram& program, ArrayModel model) {
  ChipSpec chip;
  chip.frequency = Hertz(kGigahertz);
  chip.matrix = prove_case.array;
  chip.matrix.model = model;
  const auto kind = mac_kind(prove_case.activation, prove_case.weight);
  SYSTOLE_CHECK(kind.has_value(), "no PE multiplies {} by {}", name_of(prove_case.activation),
                name_of(prove_case.weight));
  chip.matrix.pace_of_kind[static_cast<std::size_t>(*kind)] = CoreCycles(prove_case.pace);
  chip.accumulators = {.entries = program.entries, .banks = 1, .ports = 1};
  chip.weight_fifo.tiles = static_cast<std::int64_t>(program.tiles.size());
  chip.buffer = {.capacity = Bytes(static_cast<std::int64_t>(program.buffer.size())),
                 .banks = 1,
                 .ports = 1,
                 .port_width = Bytes(1)};
  chip.sequencer = {.depth = 1, .issue = CoreCycles(0)};
  return chip;
}

Counters counters_of(const Program& program) {
  Counters counters;
  counters.layers.resize(program.layers.size());
  return counters;
}

/// The chip with entries as wide as the folds of the proof need (UnitProgram says why).
ChipSpec with_entries(ChipSpec chip, std::int64_t cols) {
  chip.matrix.cols = cols;
  return chip;
}

}  // namespace

UnitBench::UnitBench(const std::string& name, const ProveCase& prove_case, ArrayModel model,
                     UnitEntries entries)
    : case_(prove_case),
      program_(unit_program(prove_case, entries)),
      chip_(chip_of(prove_case, program_, model)),
      counters_(counters_of(program_.program)),
      layers_(counters_),
      semaphores_(program_.program),
      time_(chip_.clock()),
      ports_(BufferPorts::ideal(time_)),
      accumulator_ports_(AccumulatorPorts::ideal(time_)),
      fifo_(chip_.weight_fifo, time_, &trace_.engine(EngineKind::Weights).fifo),
      memories_(with_entries(chip_, program_.entry_cols),
                {.dram = &no_bytes_, .host = &no_bytes_, .observer = nullptr}),
      context_{chip_,     program_.program, time_,      semaphores_, ports_, {&accumulator_ports_},
               counters_, layers_,          &memories_, &trace_},
      unit_(name.c_str(), context_, fifo_) {
  std::copy(program_.buffer.begin(), program_.buffer.end(), memories_.buffer_bytes.begin());
  for (const Tile& tile : program_.tiles) {
    fifo_.reserve();
    fifo_.push(tile);
  }
}

Clock<CoreCycles> UnitBench::clock() {
  return Clock<CoreCycles>(Hertz(kGigahertz));
}

std::vector<FoldOutcome> UnitBench::outcomes() {
  const auto stuck = unit_.front().stuck();
  SYSTOLE_CHECK(!stuck.has_value(), "{}", *stuck);
  const std::vector<std::int64_t> loads = load_ends();
  std::size_t loaded = 0;
  std::vector<FoldOutcome> outcomes;
  for (std::size_t i = 0; i < case_.folds.size(); ++i) {
    const InstructionTrace& seen = trace_.engine(EngineKind::Matrix).instructions[i];
    FoldOutcome outcome{.load_start = {},
                        .start = seen.start.count(),
                        .end = seen.end.count(),
                        .completion = seen.completed.count(),
                        .results = results_of(i)};
    if (case_.array.dataflow == Dataflow::WeightStationary && fold(i).next_tile) {
      outcome.load_start = loads.at(loaded++) - case_.array.rows;
    }
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

/// The cycles in which tiles left the FIFO.
std::vector<std::int64_t> UnitBench::load_ends() const {
  std::vector<std::int64_t> ends;
  std::int64_t before = 0;
  for (const FifoLevel& level : trace_.engine(EngineKind::Weights).fifo) {
    SYSTOLE_CHECK(level.arrived >= before - 1, "two tiles leave the FIFO at {}", level.at.count());
    if (level.arrived < before) {
      ends.push_back(level.at.count());
    }
    before = level.arrived;
  }
  return ends;
}

const Fold& UnitBench::fold(std::size_t index) const {
  return program_.program.stream(EngineKind::Matrix)[index].get<Fold>();
}

std::uint32_t UnitBench::entry(const Fold& fold, std::int64_t position,
                               std::int64_t channel) const {
  const DataType type = sum_type(*mac_kind(fold.activation_type, fold.weight_type));
  return static_cast<std::uint32_t>(memories_.accumulators.row(
      fold.accumulator + position, fold.cols, type)[static_cast<std::size_t>(channel)]);
}

Lanes UnitBench::results_of(std::size_t index) const {
  const ArrayAxes axes = axes_of(case_.array.dataflow);
  const FoldPlace& place = case_.places[index];
  Lanes results;
  const std::int64_t lines = axes.sums_stay ? place.rows : place.steps;
  for (std::int64_t line = 0; fold(index).drain && line < lines; ++line) {
    std::vector<std::uint32_t>& lanes = results.emplace_back();
    for (std::int64_t col = 0; col < place.cols; ++col) {
      const ProductPoint at =
          point_at(axes, axes.sums_stay ? line : 0, col, axes.sums_stay ? 0 : line);
      lanes.push_back(entry(fold(index), at.m, at.n));
    }
  }
  return results;
}

std::vector<std::vector<std::uint32_t>> UnitBench::sums() const {
  std::vector<std::vector<std::uint32_t>> sums;
  for (const Product& product : case_.products) {
    sums.emplace_back(static_cast<std::size_t>(product.m * product.n));
  }
  for (std::size_t i = 0; i < case_.folds.size(); ++i) {
    if (!fold(i).drain) {
      continue;
    }
    const FoldSpans spans = spans_of(case_, case_.places[i]);
    const std::size_t product = case_.places[i].product;
    for (std::int64_t m = 0; m < spans.m.count; ++m) {
      for (std::int64_t n = 0; n < spans.n.count; ++n) {
        const std::int64_t at = (spans.m.first + m) * case_.products[product].n + spans.n.first + n;
        sums[product][static_cast<std::size_t>(at)] = entry(fold(i), m, n);
      }
    }
  }
  return sums;
}

}  // namespace systole::testing
