#include "study/run_figures.h"

#include <algorithm>

#include "arch/diag/check.h"
#include "arch/units/shares.h"

namespace systole {

namespace {

// Cycles times MACs passes 64 bits within a second of simulated time.
__extension__ using Wide = __int128;

constexpr double kTera = 1e12;
constexpr double kFemtosecondsPerSecond = 1e15;
constexpr double kOperationsPerMac = 2.0;

/// One division by a power of ten, done last, keeps round figures round.
double femtoseconds_of(const ChipSpec& chip, CoreCycles cycles) {
  return static_cast<double>(cycles.count()) * static_cast<double>(chip.clock().period().count());
}

double per_second(double count, double femtoseconds) {
  return ratio(count * kFemtosecondsPerSecond, femtoseconds);
}

double seconds_of(const ChipSpec& chip, CoreCycles cycles) {
  return femtoseconds_of(chip, cycles) / kFemtosecondsPerSecond;
}

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

/// PE-cycles that the products took: a product of each kind takes its pace.
std::int64_t useful_slots(const ChipSpec& chip, const ActionCounters& actions) {
  std::int64_t slots = 0;
  for (const auto& [kind, name] : kEnumNames<MacKind>) {
    slots += actions.macs_of_kind[static_cast<std::size_t>(kind)] * chip.matrix.pace(kind).count();
  }
  return slots;
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

}  // namespace

double utilisation(const ChipSpec& chip, const ActionCounters& actions, CoreCycles cycles) {
  const double slots =
      static_cast<double>(cycles.count()) * static_cast<double>(chip.matrix.macs_per_cycle());
  return ratio(static_cast<double>(useful_slots(chip, actions)), slots);
}

RunFigures run_figures(const Result& result) {
  const Counters& counters = result.counters;
  const DramCounters& dram = counters.dram;
  RunFigures figures;
  figures.seconds = seconds_of(result.chip, counters.elapsed);
  const double elapsed = femtoseconds_of(result.chip, counters.elapsed);
  figures.inferences_per_second = per_second(static_cast<double>(result.graph.batch), elapsed);
  for (const LayerCounters& layer : counters.layers) {
    figures.macs += layer.macs;
  }
  figures.utilisation = utilisation(result.chip, counters.actions, counters.elapsed);
  figures.tops = kOperationsPerMac * per_second(static_cast<double>(figures.macs), elapsed) / kTera;
  figures.peak_tops = peak_tops(result.chip, result.graph.input_type());
  figures.roofline = network_roofline(result);
  figures.roofline_fraction = ratio(static_cast<double>(figures.roofline.cycles().count()),
                                    static_cast<double>(counters.elapsed.count()));
  figures.dram_bandwidth =
      per_second(static_cast<double>(dram.read_bytes + dram.write_bytes), elapsed);
  figures.dram_peak_bandwidth = static_cast<double>(result.chip.dram.peak_bandwidth().count());
  figures.dram_utilisation = ratio(figures.dram_bandwidth, figures.dram_peak_bandwidth);
  const std::int64_t bursts = dram.row_hits + dram.row_misses + dram.row_conflicts;
  figures.row_hit_rate = ratio(static_cast<double>(dram.row_hits), static_cast<double>(bursts));
  return figures;
}

LayerFigures layer_figures(const Result& result, std::size_t layer) {
  const LayerCounters& counters = result.counters.layers.at(layer);
  LayerFigures figures;
  figures.seconds = seconds_of(result.chip, counters.active);
  figures.utilisation = utilisation(result.chip, counters.actions, counters.active);
  figures.bound = layer_bound(counters);
  figures.main_engine = main_engine(counters);
  figures.stall = largest_stall(counters);
  const CoreCycles spent =
      std::max(counters.active,
               total_cycles(counters.engines[static_cast<std::size_t>(figures.main_engine)]));
  figures.stall_share =
      ratio(static_cast<double>(figures.stall.cycles.count()), static_cast<double>(spent.count()));
  figures.roofline = layer_roofline(result, layer);
  figures.view = is_view(counters);
  return figures;
}

double peak_macs_per_second(const ChipSpec& chip, MacKind kind) {
  return per_second(static_cast<double>(chip.matrix.macs_per_cycle()),
                    femtoseconds_of(chip, chip.matrix.pace(kind)));
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
  const EngineCounters& matrix = counters.engine(Engine::Matrix);
  const CoreCycles useful = useful_cycles(matrix[Cause::Busy], useful_slots(chip, counters.actions),
                                          counters.actions.mac_slots);
  std::vector<MatrixShare> shares{
      {"useful MACs", "products that the network asked for", useful},
      {"unused MACs", "slots of the array without work while operands streamed",
       matrix[Cause::Busy] - useful}};
  for (const auto& [cause, name] : kEnumNames<Cause>) {
    if (cause != Cause::Busy) {
      shares.push_back({name, meaning_of(cause), matrix[cause]});
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
