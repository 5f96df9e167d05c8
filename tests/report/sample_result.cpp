#include "tests/report/sample_result.h"

#include <initializer_list>
#include <utility>

namespace systole {

namespace {

using Cycles = std::initializer_list<std::pair<Cause, std::int64_t>>;

constexpr CoreCycles kElapsed{4000};

void spend(Result& result, std::size_t layer, EngineKind engine, std::int64_t instructions,
           Cycles cycles) {
  for (EngineCounters* counters :
       {&result.counters.layers[layer].engines[engine], &result.counters.engines[engine]}) {
    counters->instructions += instructions;
    for (const auto& [cause, count] : cycles) {
      (*counters)[cause] += CoreCycles(count);
    }
  }
}

void set_span(LayerCounters& layer, std::int64_t active, std::int64_t exposed, std::int64_t start,
              std::int64_t end) {
  layer.active = CoreCycles(active);
  layer.exposed = CoreCycles(exposed);
  layer.first_start = CoreCycles(start);
  layer.last_end = CoreCycles(end);
}

/// Products of int8.
void set_macs(LayerCounters& layer, std::int64_t macs) {
  layer.macs = macs;
  layer.actions.macs = macs;
  layer.actions.macs_of_kind[static_cast<std::size_t>(MacKind::Int8)] = macs;
}

void fill_idle(Counters& counters) {
  for (EngineCounters& engine : counters.engines) {
    CoreCycles spent{0};
    for (const CoreCycles cycles : engine.cycles) {
      spent += cycles;
    }
    engine[Cause::Idle] = kElapsed - spent;
  }
}

Graph sample_graph() {
  Graph graph;
  graph.name = "sample";
  graph.file = "sample.yaml";
  graph.batch = 2;
  graph.tensors = {{.name = "input", .type = {.extents = {2, 8, 8, 16}}},
                   {.name = "conv1", .type = {.extents = {2, 8, 8, 32}}},
                   {.name = "add1", .type = {.extents = {2, 8, 8, 32}}},
                   {.name = "flatten", .type = {.extents = {2, 2048}}},
                   {.name = "dense1", .type = {.extents = {2, 10}}},
                   {.name = "softmax", .type = {.extents = {2, 10}}}};
  Conv2d conv;
  conv.kernel = {
      .rows = 3, .cols = 3, .pad_top = 1, .pad_bottom = 1, .pad_left = 1, .pad_right = 1};
  graph.nodes = {{"conv1", "conv2d", {0}, {1}, conv, {}},
                 {"add1", "add", {1, 1}, {2}, AddTensors{}, {}},
                 {"flatten", "flatten", {2}, {3}, Flatten{}, {}},
                 {"dense1", "dense", {3}, {4}, Dense{}, {}},
                 {"softmax", "softmax", {4}, {5}, SoftmaxChannels{}, {}}};
  graph.inputs = {0};
  graph.outputs = {5};
  return graph;
}

void count_conv1(Result& result) {
  spend(result, 0, EngineKind::Host, 1, {{Cause::Busy, 200}, {Cause::Memory, 50}});
  spend(result, 0, EngineKind::DmaIn, 1, {{Cause::Busy, 4}, {Cause::Memory, 40}});
  spend(result, 0, EngineKind::Weights, 18, {{Cause::Busy, 148}, {Cause::Memory, 30}});
  spend(result, 0, EngineKind::Matrix, 18,
        {{Cause::Busy, 2560}, {Cause::Issue, 20}, {Cause::Weights, 100}, {Cause::WaitHost, 100}});
  spend(result, 0, EngineKind::Vector, 2, {{Cause::Busy, 256}, {Cause::WaitMatrix, 300}});
  LayerCounters& layer = result.counters.layers[0];
  set_span(layer, 3000, 2900, 0, 2900);
  set_macs(layer, std::int64_t{2} * 64 * 144 * 32);                       // m * k * n = 589,824
  layer.dram_read_bytes = std::int64_t{144} * 32 + std::int64_t{32} * 4;  // 4,736
  layer.host_bytes = std::int64_t{2} * 8 * 8 * 16;
}

void count_dense1(Result& result) {
  spend(result, 3, EngineKind::DmaIn, 1, {{Cause::Busy, 2}, {Cause::Memory, 40}});
  spend(result, 3, EngineKind::Weights, 128,
        {{Cause::Busy, 642}, {Cause::Memory, 100}, {Cause::FifoFull, 50}});
  spend(result, 3, EngineKind::Matrix, 128,
        {{Cause::Busy, 240}, {Cause::Weights, 500}, {Cause::Shift, 64}, {Cause::WaitVector, 16}});
  spend(result, 3, EngineKind::Vector, 1, {{Cause::Busy, 2}, {Cause::WaitMatrix, 5}});
  LayerCounters& layer = result.counters.layers[3];
  set_span(layer, 900, 850, 2600, 3900);
  set_macs(layer, std::int64_t{2} * 2048 * 10);                            // 40,960
  layer.dram_read_bytes = std::int64_t{2048} * 10 + std::int64_t{10} * 4;  // 20,520
}

}  // namespace

ChipSpec sample_chip() {
  ChipSpec chip;
  chip.name = "sample_chip";
  chip.description = "A small chip for tests of the report.";
  chip.file = "sample_chip.yaml";
  chip.frequency = Hertz(500'000'000);
  chip.matrix = {
      .rows = 16, .cols = 16, .pace_of_kind = {CoreCycles(1), CoreCycles(2), CoreCycles(4)}};
  chip.accumulators = {.entries = 1024, .banks = 4, .ports = 3};
  chip.weight_fifo.tiles = 4;
  chip.buffer = {.capacity = Bytes(262'144), .banks = 8, .ports = 4, .port_width = Bytes(16)};
  chip.vector = {.lanes = 16,
                 .latency = CoreCycles(8),
                 .pace = {CoreCycles(1), CoreCycles(1), CoreCycles(2), CoreCycles(4)}};
  chip.dma = {.request = Bytes(256), .outstanding = 8, .issue = CoreCycles(4)};
  chip.host = {.bandwidth = BytesPerSecond(4'000'000'000), .latency = CoreCycles(250)};
  chip.sequencer = {.depth = 8, .issue = CoreCycles(1)};
  // 64 bit * 8 beats = 64 bytes in 4 cycles of 1 ns.
  chip.dram.standard.name = "sample_dram";
  chip.dram.standard.timing.tCK = Femtoseconds(1'000'000);
  chip.dram.standard.timing.nBL = DramCycles(4);
  chip.dram.interleave = Bytes(256);
  chip.dram.capacity = Bytes(std::int64_t{1} << 30);
  const std::string book =
      "A Handbook of Small Chips, 2nd edition, table 3 (page 12), and the errata of the same "
      "edition";
  chip.facts = {
      {"frequency", "500 MHz", book, FactStatus::Found},
      {"matrix.rows", "16", book, FactStatus::Found},
      {"unified_buffer.capacity", "256 KiB", "Data sheet, revision B", FactStatus::Unverified},
      {"vector.latency", "8 cycles", "", FactStatus::Assumed}};
  return chip;
}

Result sample_result() {
  Result result{.chip = sample_chip(), .graph = sample_graph(), .counters = {}, .check = {}};
  result.counters.elapsed = kElapsed;
  result.counters.layers.resize(result.graph.nodes.size());
  count_conv1(result);
  spend(result, 1, EngineKind::Vector, 2, {{Cause::Busy, 128}, {Cause::WaitMatrix, 10}});
  set_span(result.counters.layers[1], 140, 50, 2700, 2950);
  count_dense1(result);
  spend(result, 4, EngineKind::Vector, 1, {{Cause::Busy, 40}, {Cause::Drain, 9}});
  spend(result, 4, EngineKind::Host, 1,
        {{Cause::Busy, 1}, {Cause::WaitVector, 3000}, {Cause::Memory, 50}});
  set_span(result.counters.layers[4], 100, 200, 3900, 4000);
  result.counters.layers[4].host_bytes = 20;
  fill_idle(result.counters);
  result.counters.dram = {.activates = 15,
                          .precharges = 10,
                          .reads = 395,
                          .refreshes = 1,
                          .row_hits = 380,
                          .row_misses = 10,
                          .row_conflicts = 5,
                          .read_bytes = 4736 + 20520,
                          .data_bus_busy = DramCycles(1580)};
  result.counters.actions.macs = 589'824 + 40'960;
  result.counters.actions.macs_of_kind[static_cast<std::size_t>(MacKind::Int8)] =
      result.counters.actions.macs;
  result.counters.actions.mac_slots = std::int64_t{2800} * 256;  // busy cycles of the matrix unit
  result.counters.actions.host_in_bytes = 2048;
  result.counters.actions.host_out_bytes = 20;
  return result;
}

}  // namespace systole
