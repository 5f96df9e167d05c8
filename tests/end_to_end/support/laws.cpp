#include "tests/end_to_end/support/laws.h"

#include <numeric>
#include <optional>
#include <variant>

#include <fmt/format.h>

#include "arch/units/wide.h"
#include "study/lower_bounds.h"
#include "study/run_figures.h"
#include "study/weights_behind.h"

namespace systole {

namespace {

/// Steps of the axis that streams through the array.
std::int64_t steps_of(const Fold& fold, Dataflow dataflow) {
  switch (dataflow) {
    case Dataflow::WeightStationary:
      return fold.count;
    case Dataflow::InputStationary:
      return fold.cols;
    case Dataflow::OutputStationary:
      return fold.rows;
  }
  return 0;
}

/// Vectors of sums that a fold sends to the accumulators: an output channel of all its positions
/// (input stationary) or an output position of all its channels.
std::int64_t results_of(const Fold& fold, Dataflow dataflow) {
  if (!fold.drain) {
    return 0;
  }
  return dataflow == Dataflow::InputStationary ? fold.cols : fold.count;
}

/// What the instructions of a program ask of the array and the accumulators.
struct Asked {
  std::int64_t folds = 0;
  std::int64_t tiles = 0;
  std::int64_t macs = 0;
  std::int64_t multiplied = 0;  ///< zeros of tiles as well
  std::int64_t steps = 0;
  std::int64_t accumulator_reads = 0;
  std::int64_t accumulator_writes = 0;
  std::int64_t weight_bytes = 0;
  std::int64_t weight_bytes_again = 0;
  std::int64_t conversions = 0;
  std::int64_t loads = 0;
  std::int64_t unloads = 0;
};

/// What a fold shifts into the array and out of it, and reads of the FIFO once more.
void add_shifts(Asked& asked, const Fold& fold, Dataflow dataflow) {
  switch (dataflow) {
    case Dataflow::WeightStationary:
      asked.loads += fold.next_tile ? 1 : 0;
      return;
    case Dataflow::InputStationary:
      asked.loads += 1;
      break;
    case Dataflow::OutputStationary:
      asked.unloads += fold.drain ? 1 : 0;
      break;
  }
  asked.weight_bytes_again +=
      fold.next_tile ? 0 : bytes_of(fold.weight_type, fold.rows * fold.cols);
}

Asked asked_by(const Program& program, Dataflow dataflow) {
  Asked asked;
  for (const EngineId engine : program.engines()) {
    for (const StreamInstruction instruction : program.stream(engine)) {
      if (const auto* fold = instruction.get_if<Fold>()) {
        ++asked.folds;
        asked.macs += fold->count * program.tiles[static_cast<std::size_t>(fold->tile)].products();
        asked.multiplied += fold->count * fold->rows * fold->cols;
        asked.steps += steps_of(*fold, dataflow);
        asked.accumulator_writes += results_of(*fold, dataflow);
        asked.accumulator_reads += fold->accumulate ? results_of(*fold, dataflow) : 0;
        add_shifts(asked, *fold, dataflow);
      } else if (const auto* loop = instruction.get_if<RowLoop>()) {
        const std::vector<Stage>& stages = loop->stages();
        asked.accumulator_reads +=
            loop->rows * std::count_if(stages.begin(), stages.end(), [](const Stage& stage) {
              return std::holds_alternative<SumsStage>(stage);
            });
      } else if (const auto* load = instruction.get_if<LoadTile>()) {
        const std::int64_t elements = load->rows * load->cols;
        const bool converts = load->conversion->converts();
        asked.weight_bytes += converts ? bytes_of(load->conversion->to, elements)
                                       : bytes_of(load->type, elements) + load->padding;
        asked.conversions += converts ? elements : 0;
        ++asked.tiles;
      }
    }
  }
  return asked;
}

/// Bytes that the instructions of a program say they move, by layer.
struct Moved {
  std::int64_t dram_read = 0;
  std::int64_t dram_write = 0;
  std::int64_t host = 0;
  std::int64_t macs = 0;
  std::int64_t instructions = 0;
};

std::vector<Moved> moved_by(const Program& program) {
  std::vector<Moved> moved(program.layers.size());
  for (const EngineId engine : program.engines()) {
    for (const StreamInstruction instruction : program.stream(engine)) {
      Moved& layer = moved[static_cast<std::size_t>(instruction.layer())];
      ++layer.instructions;
      if (const auto* load = instruction.get_if<LoadTile>()) {
        layer.dram_read += load->from == TileSource::Dram ? load->bytes() + load->padding : 0;
      } else if (const auto* fold = instruction.get_if<Fold>()) {
        layer.macs += fold->count * program.tiles[static_cast<std::size_t>(fold->tile)].products();
      } else if (const auto* transfer = instruction.get_if<Transfer>()) {
        const std::int64_t bytes = transfer->rows * transfer->row_bytes;
        switch (engine.kind) {
          case EngineKind::DmaIn:
            layer.dram_read += bytes;
            break;
          case EngineKind::DmaOut:
            layer.dram_write += bytes;
            break;
          default:
            layer.host += bytes;
        }
      }
    }
  }
  return moved;
}

class Laws {
 public:
  explicit Laws(const Result& result, const Program& program)
      : result_(result), counters_(result.counters), program_(program), moved_(moved_by(program)) {}

  std::string broken() {
    check_engines();
    check_layers();
    check_totals();
    check_bounds();
    check_time_parts();
    check_array();
    check_power();
    return lines_;
  }

 private:
  void equal(const std::string& what, std::int64_t actual, std::int64_t expected) {
    if (actual != expected) {
      lines_ += fmt::format("{}: {} instead of {}\n", what, actual, expected);
    }
  }
  void at_least(const std::string& what, std::int64_t actual, std::int64_t bound) {
    if (actual < bound) {
      lines_ += fmt::format("{}: {} below the bound {}\n", what, actual, bound);
    }
  }

  /// Of all products: a network has one type.
  [[nodiscard]] MacKind kind() const {
    const DataType type = result_.graph.input_type();
    return mac_kind(type, type).value_or(MacKind::Int8);
  }
  /// Cycles a step.
  [[nodiscard]] std::int64_t pace() const { return result_.chip.matrix.pace(kind()).count(); }
  [[nodiscard]] std::int64_t compute_bound(std::int64_t macs) const {
    return ceil_div(macs * pace(), result_.chip.macs_per_cycle());
  }
  /// Whole core cycles that `bytes` take at the peak of the DRAM, rounded down.
  [[nodiscard]] std::int64_t memory_bound(std::int64_t bytes) const {
    const auto wide = static_cast<Wide>(bytes) * result_.chip.frequency.count();
    return static_cast<std::int64_t>(wide / (result_.chip.dram.peak_bandwidth().count() + 1));
  }

  void check_engines() {
    for (const EngineId engine : program_.engines()) {
      const std::string name = name_of(engine);
      CoreCycles sum{0};
      for (int cause = 0; cause < kCauseCount; ++cause) {
        const CoreCycles cycles = counters_.engine(engine).cycles[static_cast<std::size_t>(cause)];
        at_least(name + " " + std::string(name_of(static_cast<Cause>(cause))), cycles.count(), 0);
        sum += cycles;
        check_cause_by_layer(engine, static_cast<Cause>(cause));
      }
      equal(name + " causes add up", sum.count(), counters_.elapsed.count());
      equal(name + " instructions", counters_.engine(engine).instructions,
            static_cast<std::int64_t>(program_.stream(engine).size()));
    }
  }

  void check_cause_by_layer(EngineId engine, Cause cause) {
    if (cause == Cause::Idle) {
      return;
    }
    CoreCycles sum{0};
    for (const LayerCounters& layer : counters_.layers) {
      sum += layer.engines[engine][cause];
    }
    equal(fmt::format("{} {} over the layers", name_of(engine), name_of(cause)), sum.count(),
          counters_.engines[engine][cause].count());
  }

  void check_layers() {
    equal("layers", static_cast<std::int64_t>(counters_.layers.size()),
          static_cast<std::int64_t>(result_.graph.nodes.size()));
    CoreCycles exposed{0};
    ActionCounters actions;
    for (std::size_t index = 0; index < counters_.layers.size(); ++index) {
      const LayerCounters& layer = counters_.layers[index];
      const std::string& name = result_.graph.nodes[index].name;
      const Moved& moved = moved_[index];
      exposed += layer.exposed;
      const std::int64_t macs = macs_of(result_.graph, result_.graph.nodes[index]);
      equal(name + " MACs executed", layer.macs, macs);
      equal(name + " MACs in the program", moved.macs, macs);
      equal(name + " DRAM bytes read", layer.dram_read_bytes, moved.dram_read);
      equal(name + " DRAM bytes written", layer.dram_write_bytes, moved.dram_write);
      equal(name + " host bytes", layer.host_bytes, moved.host);
      equal(name + " host actions", layer.actions.host_in_bytes + layer.actions.host_out_bytes,
            layer.host_bytes);
      equal(name + " MAC actions", layer.actions.macs, layer.macs);
      actions.add(layer.actions);
      at_least(name + " active cycles (compute)", layer.active.count(), compute_bound(macs));
      at_least(name + " active cycles (memory)", layer.active.count(),
               memory_bound(moved.dram_read + moved.dram_write));
      at_least("elapsed after " + name, counters_.elapsed.count(), layer.last_end.count());
      at_least(name + " end", layer.last_end.count(), layer.first_start.count());
      at_least("elapsed against active of " + name, counters_.elapsed.count(),
               layer.active.count());
    }
    equal("actions add up", actions == counters_.actions ? 1 : 0, 1);
    equal("exposed cycles add up", exposed.count(), counters_.elapsed.count());
  }

  void check_totals() {
    Moved total;
    for (const Moved& layer : moved_) {
      total.dram_read += layer.dram_read;
      total.dram_write += layer.dram_write;
      total.host += layer.host;
      total.macs += layer.macs;
    }
    const DramCounters& dram = counters_.dram;
    const std::int64_t burst = result_.chip.dram.standard.organization.burst_bytes().count();
    equal("DRAM bytes read", dram.read_bytes, total.dram_read);
    equal("DRAM bytes written", dram.write_bytes, total.dram_write);
    at_least("DRAM read bursts", dram.reads * burst, total.dram_read);
    at_least("DRAM write bursts", dram.writes * burst, total.dram_write);
    equal("row outcomes", dram.row_hits + dram.row_misses + dram.row_conflicts,
          dram.reads + dram.writes);
    at_least("activates", dram.row_hits + dram.activates, dram.reads + dram.writes);
    equal("data bus cycles", dram.data_bus_busy.count(),
          (dram.reads + dram.writes) * result_.chip.dram.standard.timing.nBL.count());
    equal("host bytes", counters_.actions.host_in_bytes + counters_.actions.host_out_bytes,
          total.host);
    equal("MACs", counters_.actions.macs, total.macs);
    at_least("MAC slots", counters_.actions.mac_slots, total.macs);
    at_least("elapsed (compute)", counters_.elapsed.count(), compute_bound(total.macs));
    at_least("elapsed (memory)", counters_.elapsed.count(),
             memory_bound(total.dram_read + total.dram_write));
  }

  /// No run beats what no mapping beats.
  void check_bounds() {
    const ChipSpec& chip = result_.chip;
    const Graph& graph = result_.graph;
    const TimeBound bound = network_time_bound(chip, graph);
    at_least("elapsed (array)", counters_.elapsed.count(), bound.array.count());
    at_least("elapsed (DRAM)", counters_.elapsed.count(), bound.dram.count());
    at_least("elapsed (vector unit)", counters_.elapsed.count(), bound.vector.count());
    at_least("elapsed (host link)", counters_.elapsed.count(), bound.host.count());
    at_least("elapsed (chain)", counters_.elapsed.count(), bound.chain.count());
    at_least("elapsed (weights behind)", counters_.elapsed.count(), bound.behind.count());
    at_least("elapsed (weights behind, alone)", counters_.elapsed.count(),
             weights_behind_bound(chip, graph).count());
    at_least("DRAM bytes", counters_.dram.read_bytes + counters_.dram.write_bytes,
             least_dram_bytes(chip, graph).count());
    for (std::size_t layer = 0; layer < graph.nodes.size(); ++layer) {
      const Node& node = graph.nodes[layer];
      const TimeBound least = layer_time_bound(chip, graph, node);
      const std::int64_t active = counters_.layers[layer].active.count();
      at_least(node.name + " (array)", active, least.array.count());
      at_least(node.name + " (DRAM)", active, least.dram.count());
      at_least(node.name + " (vector unit)", active, least.vector.count());
    }
    const std::optional<Joules> joules = least_energy(chip, graph);
    if (joules && result_.energy && result_.energy->total.total() < *joules) {
      lines_ += fmt::format("energy: {} J, at least {} J\n", result_.energy->total.total().count(),
                            joules->count());
    }
  }

  /// What the time is made of adds up to it, and what is beyond the bound to the distance. A layer
  /// has no fewer steps than the closest packing.
  void check_time_parts() {
    const auto sum = [](const auto& cycles) {
      return std::accumulate(cycles.begin(), cycles.end(), CoreCycles(0)).count();
    };
    const RunFigures figures = run_figures(result_);
    equal("parts of the time", sum(figures.time), counters_.elapsed.count());
    equal("parts beyond the bound", sum(figures.beyond),
          (counters_.elapsed - figures.bound_cycles).count());
    for (std::size_t index = 0; index < counters_.layers.size(); ++index) {
      const LayerReport layer = layer_report(result_, index);
      if (layer.view) {
        continue;
      }
      equal(layer.name + " parts of the time", sum(layer.time), layer.cycles.count());
      equal(layer.name + " parts beyond the bound", sum(layer.beyond),
            (layer.cycles - layer.bound_cycles).count());
      at_least(layer.name + " steps of the array",
               layer.busy[static_cast<std::size_t>(EngineKind::Matrix)].count(),
               packed_steps(result_.chip, result_.graph, result_.graph.nodes[index]));
    }
  }

  void check_array() {
    const ActionCounters& actions = counters_.actions;
    const Asked asked = asked_by(program_, result_.chip.matrix.dataflow);
    equal("folds", actions.folds, asked.folds);
    equal("weight tiles", actions.weight_tiles, asked.tiles);
    equal("MACs of the kind", actions.macs_of_kind[static_cast<std::size_t>(kind())],
          asked.multiplied);
    equal("MACs", actions.macs, asked.macs);
    equal(
        "MACs of all kinds",
        std::accumulate(actions.macs_of_kind.begin(), actions.macs_of_kind.end(), std::int64_t{0}),
        asked.multiplied);
    equal("MAC slots", actions.mac_slots,
          asked.steps * pace() * result_.chip.matrix.macs_per_cycle());
    equal("busy cycles of the array",
          total_of(counters_.engines, EngineKind::Matrix)[Cause::Busy].count(),
          asked.steps * pace());
    equal("loads of the array", actions.array_loads, asked.loads);
    equal("unloads of the array", actions.array_unloads, asked.unloads);
    equal("weight bytes", actions.weight_bytes, asked.weight_bytes);
    equal("weights converted", actions.weight_conversions, asked.conversions);
    equal("weight bytes streamed again", actions.weight_bytes_again, asked.weight_bytes_again);
    equal("accumulator reads", actions.accumulator_reads, asked.accumulator_reads);
    equal("accumulator writes", actions.accumulator_writes, asked.accumulator_writes);
  }

  /// No run draws less than the chip without work, or more than with all of it at once. Refreshes
  /// come at their times: a short run may end before one that the idle chip's average has.
  void check_power() {
    if (!result_.energy) {
      return;
    }
    const EnergyReport& energy = *result_.energy;
    ChipSpec calm = result_.chip;
    calm.dram.standard.timing.nREFI = DramCycles(0);
    const Watts least = Watts(idle_second(calm).total().count());
    if (energy.average_power < least || energy.average_power > energy.peak_power) {
      lines_ +=
          fmt::format("average power: {} W, idle {} W, peak {} W\n", energy.average_power.count(),
                      energy.idle_power.count(), energy.peak_power.count());
    }
  }

  const Result& result_;
  const Counters& counters_;
  const Program& program_;
  std::vector<Moved> moved_;
  std::string lines_;
};

}  // namespace

std::string broken_laws(const Result& result, const Program& program) {
  return Laws(result, program).broken();
}

}  // namespace systole
