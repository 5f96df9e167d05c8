#include "study/advice.h"

#include <algorithm>

#include <fmt/format.h>

#include "arch/dataflow.h"
#include "arch/units/shares.h"
#include "silicon/area/area.h"
#include "study/limits.h"
#include "study/run_figures.h"

namespace systole {

namespace {

constexpr double kHundred = 100.0;

/// `lpddr4` of `lpddr4_3200`: what stands before the first '_'.
std::string family_of(const std::string& standard) {
  return standard.substr(0, standard.find('_'));
}

/// False where both are names of memories and not the same one. HBM2E counts as HBM2: a letter
/// behind the number is the same memory, faster. A standard of the user's own may have any name.
bool may_be(const std::string& one, const std::string& family) {
  constexpr auto kKinds = std::to_array<std::string_view>({"ddr", "lpddr", "gddr", "hbm"});
  const bool known = std::any_of(kKinds.begin(), kKinds.end(),
                                 [&](std::string_view kind) { return family.starts_with(kind); });
  return !known || one.starts_with(family) || family.starts_with(one);
}

void warn_of_interface(const ChipSpec& chip, std::vector<std::string>& warnings) {
  const InterfaceSpec& port = chip.silicon->dram_port;
  const DramStandard& standard = chip.dram.standard;
  const std::string family = family_of(standard.name);
  if (port.memory.empty()) {
    return;
  }
  if (!may_be(port.memory, family)) {
    warnings.push_back(fmt::format("the DRAM interface {} is one for {}, the memory is {}",
                                   port.name, port.memory, standard.name));
  }
  const std::int64_t bits = standard.organization.bus_bits * standard.organization.pseudo_channels;
  if (port.bits != bits) {
    warnings.push_back(fmt::format("the DRAM interface {} has {} bits, a channel of {} {}",
                                   port.name, port.bits, standard.name, bits));
  }
}

void warn_of_memory_price(const ChipSpec& chip, std::vector<std::string>& warnings) {
  const std::string family = family_of(chip.dram.standard.name);
  const std::string& priced = chip.cost->memory.name;
  if (!may_be(priced, family)) {
    warnings.push_back(
        fmt::format("the price is that of {}, the memory is {}", priced, chip.dram.standard.name));
  }
  if (family.starts_with("hbm") && chip.cost->memory_stacks == 0) {
    warnings.push_back(
        fmt::format("{} comes in stacks on an interposer, and cost.memory_stacks is 0",
                    chip.dram.standard.name));
  }
}

/// What the arrays of a core ask of its unified buffer while they run at full speed.
struct OperandDemand {
  std::string who;      ///< `64 rows of bf16`
  double bytes = 0;     ///< a cycle
  double accesses = 0;  ///< a cycle, of the ports' width
  [[nodiscard]] bool exceeds(const UnifiedBufferSpec& buffer) const {
    return accesses > static_cast<double>(buffer.ports);
  }
};

OperandDemand demand_of(const ChipSpec& chip, DataType type, CoreCycles pace) {
  const MatrixUnitSpec& matrix = chip.matrix;
  const DataflowRule& rule = rule_of(matrix.dataflow);
  // Rows of the array take one position's reduction each step; where positions lie along an edge,
  // that edge takes one operand of each.
  const bool along_rows = rule.rows == Axis::K && !rule.loads_inputs;
  const std::int64_t edge = rule.loads_inputs ? matrix.cols : matrix.rows;
  const double bytes = static_cast<double>(bytes_of(type, edge));
  const auto width = static_cast<double>(chip.buffer.port_width.count());
  // Activations that stay load in R cycles, whatever the pace.
  const double steps = rule.loads_inputs ? 1.0 : static_cast<double>(pace.count());
  const double accesses =
      along_rows
          ? static_cast<double>(ceil_div(bytes_of(type, edge), chip.buffer.port_width.count()))
          : bytes / width;
  const auto units = static_cast<double>(matrix.count);
  return {.who = fmt::format("{}{} {} of {}",
                             matrix.count == 1 ? "" : fmt::format("{} times ", matrix.count), edge,
                             rule.loads_inputs ? "columns" : "rows", name_of(type)),
          .bytes = units * bytes / steps,
          .accesses = units * accesses / steps};
}

std::string too_much(const OperandDemand& demand, const UnifiedBufferSpec& buffer) {
  return fmt::format("{} want {:g} B a cycle, the buffer's ports give {}", demand.who, demand.bytes,
                     (buffer.port_width * buffer.ports).count());
}

/// The activations' type of the kind of products that the array is made for.
DataType native_activation(const ChipSpec& chip) {
  switch (native_kind(chip.matrix)) {
    case MacKind::Int8:
      return DataType::Int8;
    case MacKind::Int8xInt16:
    case MacKind::Int16:
      return DataType::Int16;
    case MacKind::Int4:
      return DataType::Int4;
    case MacKind::Fp8:
      return DataType::Fp8E4M3;
    case MacKind::Fp16:
      return DataType::Fp16;
    case MacKind::Bf16:
      return DataType::Bf16;
  }
  return DataType::Int8;
}

double busy_share(const Counters& counters, EngineKind kind) {
  const auto engines = static_cast<double>(counters.engines.engines().count_of(kind) *
                                           counters.engines.engines().cores);
  const CoreCycles busy = total_of(counters.engines, kind)[Cause::Busy];
  return ratio(static_cast<double>(busy.count()),
               static_cast<double>(counters.elapsed.count()) * engines);
}

/// Advice on one cause: the reason in this run, and the keys.
class Adviser {
 public:
  explicit Adviser(const Result& result)
      : result_(result), chip_(result.chip), rates_(dram_rates(result)) {}

  [[nodiscard]] Advice on(Cause cause, double share) const {
    Advice advice{.cause = cause, .share = share};
    explain(advice);
    return advice;
  }

 private:
  void explain(Advice& advice) const {
    switch (advice.cause) {
      case Cause::Port:
        return on_ports(advice);
      case Cause::Accumulator:
        return on_accumulators(advice);
      case Cause::Weights:
        return on_memory(advice, "weights");
      case Cause::WaitDma:
      case Cause::Memory:
        return on_memory(advice, "operands");
      case Cause::Shift:
        return on_shift(advice);
      case Cause::WaitHost:
        return on_engine(advice, EngineKind::Host, "the host link",
                         {"host_link.bandwidth", "host_link.latency"});
      case Cause::WaitVector:
        return on_engine(advice, EngineKind::Vector, "the vector unit",
                         {"vector_unit.lanes", "vector_unit.pace"});
      case Cause::WaitMatrix:
        return on_engine(advice, EngineKind::Matrix, "the matrix unit", {"matrix_unit.rows"});
      case Cause::WaitSpace:
        advice.reason =
            fmt::format("results wait until {} of buffer and {} accumulator entries are free",
                        size(chip_.buffer.capacity), chip_.accumulators.entries);
        advice.keys = {"unified_buffer.capacity", "accumulators.entries"};
        return;
      case Cause::Issue:
        advice.reason = fmt::format("queues of {} instructions, filled at one in {} cycles",
                                    chip_.sequencer.depth, chip_.sequencer.issue.count());
        advice.keys = {"sequencer.depth", "sequencer.issue"};
        return;
      case Cause::Drain:
        on_drain(advice);
        return;
      case Cause::FifoFull:
      case Cause::Busy:
      case Cause::Idle:
        return;
    }
  }

  static std::string size(Bytes bytes) {
    constexpr std::int64_t kKibi = 1024;
    return bytes.count() % kKibi == 0 ? fmt::format("{} KiB", bytes.count() / kKibi)
                                      : fmt::format("{} B", bytes.count());
  }

  void on_ports(Advice& advice) const {
    const DataType type = result_.graph.input_type();
    const OperandDemand demand = demand_of(chip_, type, chip_.matrix.pace(type, type));
    advice.reason =
        demand.exceeds(chip_.buffer)
            ? too_much(demand, chip_.buffer)
            : fmt::format(
                  "{} want {:g} B a cycle, and share {} ports of {} B and {} banks with the "
                  "other engines",
                  demand.who, demand.bytes, chip_.buffer.ports, chip_.buffer.port_width.count(),
                  chip_.buffer.banks);
    advice.keys = {"unified_buffer.ports", "unified_buffer.port_width", "unified_buffer.banks"};
  }

  void on_accumulators(Advice& advice) const {
    advice.reason = fmt::format(
        "the array writes an entry a cycle, reads it to add to, and the vector unit reads one: {} "
        "{} "
        "and {} banks serve them{}",
        chip_.accumulators.ports, chip_.accumulators.ports == 1 ? "port" : "ports",
        chip_.accumulators.banks,
        chip_.matrix.overlap == Overlap::Shadow && chip_.accumulators.ports == 1
            ? "; with one port, overlap: none may be faster"
            : "");
    advice.keys = {"accumulators.ports", "accumulators.banks"};
  }

  /// At its peak the memory is too slow; below it, too little is asked of it at once.
  void on_memory(Advice& advice, std::string_view what) const {
    constexpr double kSaturated = 0.7;
    const double peak = rates_.peak_bytes_per_second;
    constexpr double kGiga = 1e9;
    const std::string reached = fmt::format("{:.0f} % of the DRAM's {:.4g} GB/s",
                                            rates_.utilisation * kHundred, peak / kGiga);
    if (rates_.utilisation >= kSaturated) {
      advice.reason =
          fmt::format("{} take {}; a larger batch uses each weight more often", what, reached);
      advice.keys = {"dram.channels", "dram.standard", "batch"};
      return;
    }
    advice.reason = fmt::format("{} come late although they take {} alone", what, reached);
    advice.keys = {"dma.outstanding", "dma.request"};
    if (advice.cause == Cause::Weights) {
      advice.keys.insert(advice.keys.begin(), "weight_fifo.tiles");
    }
  }

  void on_shift(Advice& advice) const {
    const ActionCounters& actions = result_.counters.actions;
    advice.reason = fmt::format(
        "a tile shifts in for {} cycles, a fold streams for {:.0f} on average", chip_.matrix.rows,
        ratio(static_cast<double>(
                  total_of(result_.counters.engines, EngineKind::Matrix)[Cause::Busy].count()),
              static_cast<double>(actions.folds)));
    advice.keys = {"batch", "matrix_unit.rows"};
    if (chip_.matrix.overlap == Overlap::None) {
      advice.keys.insert(advice.keys.begin(), "matrix_unit.overlap");
    }
  }

  void on_drain(Advice& advice) const {
    const bool unloads = rule_of(chip_.matrix.dataflow).unloads_outputs;
    advice.reason =
        fmt::format("results leave the array {} cycles after a fold's last operand",
                    chip_.matrix.rows + chip_.matrix.cols - 2 + (unloads ? chip_.matrix.rows : 0));
    advice.keys = {"matrix_unit.rows", "matrix_unit.columns"};
    if (chip_.matrix.overlap == Overlap::None) {
      advice.keys.insert(advice.keys.begin(), "matrix_unit.overlap");
    }
  }

  void on_engine(Advice& advice, EngineKind engine, std::string_view name,
                 std::vector<std::string> keys) const {
    advice.reason = fmt::format("operands come from {}, busy {:.0f} % of the time", name,
                                busy_share(result_.counters, engine) * kHundred);
    advice.keys = std::move(keys);
  }

  const Result& result_;
  const ChipSpec& chip_;
  DramRates rates_;
};

}  // namespace

std::vector<std::string> chip_warnings(const ChipSpec& chip) {
  std::vector<std::string> warnings;
  if (chip.silicon) {
    warn_of_interface(chip, warnings);
  }
  if (chip.cost) {
    warn_of_memory_price(chip, warnings);
  }
  if (chip.silicon) {
    const double full = full_load_second(chip).total().count();
    if (full > chip.silicon->tdp.count()) {
      warnings.push_back(fmt::format(
          "every unit at its full rate at once draws {:.4g} W, more than the TDP of {:.4g} W", full,
          chip.silicon->tdp.count()));
    }
  }
  const OperandDemand demand =
      demand_of(chip, native_activation(chip), chip.matrix.pace(native_kind(chip.matrix)));
  if (demand.exceeds(chip.buffer)) {
    warnings.push_back(too_much(demand, chip.buffer));
  }
  return warnings;
}

std::vector<Advice> advice_of(const Result& result) {
  constexpr double kWorthAWord = 0.05;
  constexpr std::size_t kMost = 3;
  const EngineCounters matrix = total_of(result.counters.engines, EngineKind::Matrix);
  std::vector<std::pair<CoreCycles, Cause>> causes;
  for (const auto& [cause, name] : kEnumNames<Cause>) {
    if (cause != Cause::Busy && cause != Cause::Idle) {
      causes.emplace_back(matrix[cause], cause);
    }
  }
  std::stable_sort(causes.begin(), causes.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<Advice> advice;
  if (matrix.instructions == 0) {
    return advice;
  }
  const Adviser adviser(result);
  for (const auto& [cycles, cause] : causes) {
    const CoreCycles of_all = result.counters.elapsed * result.chip.matrix_units();
    const double share =
        ratio(static_cast<double>(cycles.count()), static_cast<double>(of_all.count()));
    Advice next = adviser.on(cause, share);
    if (share >= kWorthAWord && advice.size() < kMost && !next.reason.empty()) {
      advice.push_back(std::move(next));
    }
  }
  return advice;
}

}  // namespace systole
