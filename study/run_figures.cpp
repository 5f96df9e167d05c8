#include "study/run_figures.h"

#include <algorithm>

#include "arch/diag/check.h"
#include "arch/units/operations.h"
#include "arch/units/seconds.h"
#include "arch/units/shares.h"
#include "study/lower_bounds.h"
#include "study/samples.h"

namespace systole {

namespace {

// Cycles times MACs passes 64 bits within a second of simulated time.
__extension__ using Wide = __int128;

MacKind fastest_kind(const MatrixUnitSpec& matrix) {
  std::optional<MacKind> fastest;
  for (const auto& [kind, name] : kEnumNames<MacKind>) {
    if (matrix.supports(kind) && (!fastest || matrix.pace(kind) < matrix.pace(*fastest))) {
      fastest = kind;
    }
  }
  SYSTOLE_CHECK(fastest, "a matrix unit that multiplies nothing");
  return *fastest;
}

/// PE-cycles that the products took: a product of each kind takes its pace. Those by zeros, which
/// the network did not ask for, are of all kinds alike.
std::int64_t useful_slots(const ChipSpec& chip, const ActionCounters& actions) {
  std::int64_t slots = 0;
  std::int64_t all = 0;
  for (const auto& [kind, name] : kEnumNames<MacKind>) {
    const std::int64_t macs = actions.macs_of_kind[static_cast<std::size_t>(kind)];
    slots += macs * chip.matrix.pace(kind).count();
    all += macs;
  }
  return all == 0 ? 0 : static_cast<std::int64_t>(static_cast<Wide>(slots) * actions.macs / all);
}

/// Cycles of `busy` in which the slots did useful MACs, which are never more than all.
CoreCycles useful_cycles(CoreCycles busy, std::int64_t useful, std::int64_t slots) {
  if (slots == 0) {
    return CoreCycles(0);
  }
  SYSTOLE_CHECK(useful <= slots, "{} of {} slots are useful", useful, slots);
  return CoreCycles(static_cast<std::int64_t>(static_cast<Wide>(busy.count()) * useful / slots));
}

/// Of operands of the type; of the fastest ones where the chip does not multiply these.
double peak_tops(const ChipSpec& chip, DataType type) {
  const auto kind = mac_kind(type, type);
  return kind && chip.matrix.supports(*kind)
             ? kOperationsPerMac * peak_macs_per_second(chip, *kind) / kTera
             : chip_figures(chip).peak_tops;
}

std::optional<double> distance(CoreCycles cycles, CoreCycles bound) {
  if (bound == CoreCycles(0) || cycles == CoreCycles(0)) {
    return std::nullopt;
  }
  return ratio(static_cast<double>(cycles.count()), static_cast<double>(bound.count()));
}

}  // namespace

double utilisation(const ChipSpec& chip, const ActionCounters& actions, CoreCycles cycles) {
  const double slots =
      static_cast<double>(cycles.count()) * static_cast<double>(chip.macs_per_cycle());
  return ratio(static_cast<double>(useful_slots(chip, actions)), slots);
}

RunFigures run_figures(const Result& result) {
  const Counters& counters = result.counters;
  RunFigures figures;
  const Clock<CoreCycles> clock = result.chip.clock();
  figures.seconds = seconds_of(clock, counters.elapsed);
  figures.inferences_per_second =
      per_second(static_cast<double>(samples_of(result.graph)), clock, counters.elapsed);
  for (const LayerCounters& layer : counters.layers) {
    figures.macs += layer.macs;
  }
  figures.utilisation = utilisation(result.chip, counters.actions, counters.elapsed);
  figures.tops = kOperationsPerMac *
                 per_second(static_cast<double>(figures.macs), clock, counters.elapsed) / kTera;
  figures.peak_tops = peak_tops(result.chip, result.graph.input_type());
  figures.cycles = counters.elapsed;
  figures.roofline.bounds = network_roofline(result);
  figures.roofline.compulsory_bytes = compulsory_bytes(result.graph, result.chip.io).count();
  if (figures.roofline.bounds.bound() != Bound::None) {
    figures.roofline.fraction = ratio(static_cast<double>(figures.roofline.bounds.cycles().count()),
                                      static_cast<double>(counters.elapsed.count()));
  }
  const TimeBound bound = network_time_bound(result.chip, result.graph);
  figures.bound_cycles = bound.cycles();
  figures.bound_by = bound.by();
  figures.distance = distance(counters.elapsed, figures.bound_cycles);
  const TimeParts parts = time_parts(result);
  figures.time = parts.cycles;
  figures.beyond = parts.beyond;
  figures.inherent_distance =
      distance(figures.bound_cycles + parts.inherent_beyond(), figures.bound_cycles);
  figures.bound_dram_bytes = least_dram_bytes(result.chip, result.graph).count();
  if (const std::optional<Joules> joules = least_energy(result.chip, result.graph)) {
    figures.bound_joules = joules->count();
  }
  return figures;
}

DramRates dram_rates(const Result& result) {
  const DramCounters& dram = result.counters.dram;
  DramRates rates;
  rates.bytes_per_second = per_second(static_cast<double>(dram.read_bytes + dram.write_bytes),
                                      result.chip.clock(), result.counters.elapsed);
  rates.peak_bytes_per_second = static_cast<double>(result.chip.dram.peak_bandwidth().count());
  rates.utilisation = ratio(rates.bytes_per_second, rates.peak_bytes_per_second);
  const std::int64_t bursts = dram.row_hits + dram.row_misses + dram.row_conflicts;
  rates.row_hit_rate = ratio(static_cast<double>(dram.row_hits), static_cast<double>(bursts));
  return rates;
}

LayerFigures layer_figures(const Result& result, std::size_t layer) {
  const LayerCounters& counters = result.counters.layers.at(layer);
  LayerFigures figures;
  figures.seconds = seconds_of(result.chip.clock(), counters.active);
  figures.utilisation = utilisation(result.chip, counters.actions, counters.active);
  figures.bound = layer_bound(counters);
  figures.main_engine = main_engine(counters);
  figures.stall = largest_stall(counters);
  const CoreCycles spent =
      std::max(counters.active, total_cycles(total_of(counters.engines, figures.main_engine)));
  figures.stall_share =
      ratio(static_cast<double>(figures.stall.cycles.count()), static_cast<double>(spent.count()));
  figures.roofline = layer_roofline(result, layer);
  figures.view = is_view(counters);
  figures.fused = counters.fused;
  return figures;
}

LayerReport layer_report(const Result& result, std::size_t layer) {
  const Node& node = result.graph.nodes[layer];
  const Shape shape = result.graph.tensor(node.output()).shape();
  const LayerCounters& counters = result.counters.layers.at(layer);
  const LayerFigures figures = layer_figures(result, layer);
  LayerReport report{.name = node.name,
                     .kind = node.kind,
                     .output_shape = {shape.batch, shape.rows, shape.cols, shape.channels},
                     .view = figures.view,
                     .fused = figures.fused,
                     .macs = counters.macs,
                     .cycles = counters.active,
                     .exposed_cycles = counters.exposed,
                     .first_start = counters.first_start,
                     .last_end = counters.last_end,
                     .seconds = figures.seconds,
                     .utilisation = figures.utilisation,
                     .bound = figures.bound,
                     .roofline = figures.roofline,
                     .largest_stall_cycles = figures.stall.cycles,
                     .dram = {counters.dram_read_bytes, counters.dram_write_bytes},
                     .host = {counters.host_bytes}};
  if (!figures.view) {
    report.main_engine = figures.main_engine;
    report.bound_cycles = layer_time_bound(result.chip, result.graph, node).cycles();
    report.distance = distance(counters.active, report.bound_cycles);
    const TimeParts parts = layer_time_parts(result, layer);
    report.time = parts.cycles;
    report.beyond = parts.beyond;
    report.inherent_distance =
        distance(report.bound_cycles + parts.inherent_beyond(), report.bound_cycles);
  }
  for (const auto& [kind, name] : kEnumNames<EngineKind>) {
    report.busy[static_cast<std::size_t>(kind)] = total_of(counters.engines, kind)[Cause::Busy];
  }
  const EngineCounters main = total_of(counters.engines, figures.main_engine);
  static_assert(static_cast<int>(Cause::Busy) == 0);
  std::copy(main.cycles.begin() + 1, main.cycles.end(), report.stalls.begin());
  if (figures.stall.cycles > CoreCycles(0)) {
    report.largest_stall = figures.stall.cause;
  }
  if (result.energy) {
    report.joules = result.energy->layers[layer].total();
  }
  return report;
}

double peak_macs_per_second(const ChipSpec& chip, MacKind kind) {
  return per_second(static_cast<double>(chip.macs_per_cycle()), chip.clock(),
                    chip.matrix.pace(kind));
}

ChipFigures chip_figures(const ChipSpec& chip) {
  ChipFigures figures;
  figures.fastest = fastest_kind(chip.matrix);
  figures.macs_per_second = peak_macs_per_second(chip, figures.fastest);
  figures.peak_tops = kOperationsPerMac * figures.macs_per_second / kTera;
  figures.ridge =
      ratio(figures.macs_per_second, static_cast<double>(chip.dram.peak_bandwidth().count()));
  return figures;
}

std::vector<MatrixShare> matrix_shares(const ChipSpec& chip, const Counters& counters) {
  const EngineCounters matrix = total_of(counters.engines, EngineKind::Matrix);
  const CoreCycles useful = useful_cycles(matrix[Cause::Busy], useful_slots(chip, counters.actions),
                                          counters.actions.mac_slots);
  std::vector<MatrixShare> shares{
      {"useful MACs", "products that the network asked for", useful},
      {"unused MACs", "slots of the array without work while operands streamed",
       matrix[Cause::Busy] - useful}};
  for (const auto& [cause, name] : kEnumNames<Cause>) {
    if (cause != Cause::Busy) {
      shares.push_back({std::string(name), std::string(meaning_of(cause)), matrix[cause]});
    }
  }
  std::vector<std::int64_t> parts;
  parts.reserve(shares.size());
  for (const MatrixShare& share : shares) {
    parts.push_back(share.cycles.count());
  }
  const std::vector<std::int64_t> tenths = tenths_of_percent(parts);
  for (std::size_t index = 0; index < shares.size(); ++index) {
    shares[index].tenths_of_percent = tenths[index];
  }
  return shares;
}

std::string_view meaning_of(Cause cause) {
  switch (cause) {
    case Cause::Busy:
      return "useful work at the engine's own pace";
    case Cause::Issue:
      return "the sequencer had not delivered the next instruction";
    case Cause::Weights:
      return "the next weight tile had not arrived from DRAM";
    case Cause::Shift:
      return "the stationary operand was shifting into the array";
    case Cause::WaitHost:
      return "operands were still to come over the host link";
    case Cause::WaitDma:
      return "operands were still to come from DRAM, or to go there";
    case Cause::WaitMatrix:
      return "operands were still to come from the matrix unit";
    case Cause::WaitVector:
      return "operands were still to come from the vector unit";
    case Cause::WaitSpace:
      return "the destination still held data that somebody needs";
    case Cause::Drain:
      return "the engine's own last results were leaving its pipeline";
    case Cause::Port:
      return "buffer ports or banks had not served all of the accesses";
    case Cause::Accumulator:
      return "accumulator ports or banks had not served all of the accesses";
    case Cause::Memory:
      return "latency of DRAM or host link, rows and refresh";
    case Cause::FifoFull:
      return "the weight FIFO had no free tile";
    case Cause::Idle:
      return "no instruction was left";
  }
  return "";
}

}  // namespace systole
