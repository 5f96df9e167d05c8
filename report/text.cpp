#include "report/text.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "arch/units/operations.h"
#include "report/format.h"
#include "report/labelled.h"
#include "report/language.h"
#include "report/layer_table.h"
#include "report/own_numbers.h"
#include "report/quality.h"
#include "report/silicon.h"
#include "report/storage_text.h"
#include "report/summary.h"
#include "report/table.h"
#include "report/time_parts.h"
#include "report/training.h"
#include "study/advice.h"
#include "study/run_figures.h"

namespace systole {

namespace {

using Align = Column::Align;

constexpr std::size_t kTensorWidth = 28;

std::string tenths(std::int64_t value) {
  return fmt::format("{}.{} %", value / 10, value % 10);
}

/// int8 goes without saying, and so do weights that are stored as they are multiplied.
std::string type_clause(const Graph& graph) {
  std::string clause =
      graph.input_type() == DataType::Int8 ? "" : fmt::format(", {}", name_of(graph.input_type()));
  if (const std::string storage = storage_text(graph); !storage.empty()) {
    clause += fmt::format(", weights {}", storage);
  }
  if (const std::string storage = state_storage_text(graph); !storage.empty()) {
    clause += fmt::format(", cache {}", storage);
  }
  return clause;
}

std::string heading(const Result& result, const RunFigures& figures, const TextOptions& options) {
  const std::string names =
      fmt::format("{} on {}", shortened(on_one_line(result.graph.name), kNameWidth),
                  shortened(on_one_line(result.chip.name), kNameWidth));
  return styled(names, Style::Heading, options.colour) +
         fmt::format("\nbatch {}, {} layers, {}{}\n\n", result.graph.batch,
                     result.graph.nodes.size(), scaled(figures.macs, "MAC"),
                     type_clause(result.graph));
}

/// `none` where nothing that the bound knows of has to be done.
std::string bound_text(const RunFigures& figures, const std::string& reason) {
  return figures.roofline.bounds.bound() == Bound::None
             ? std::string("none: the network has neither products nor parameters")
             : fmt::format("{} cycles ({}), {} % reached",
                           grouped(figures.roofline.bounds.cycles().count()), reason,
                           percent(figures.roofline.fraction.value_or(0.0)));
}

/// How far the run is from what no mapping beats.
std::string distance_text(const RunFigures& figures) {
  return figures.distance ? fmt::format("{:.2f} times the {} cycles that no mapping beats ({})",
                                        *figures.distance, grouped(figures.bound_cycles.count()),
                                        name_of(figures.bound_by))
                          : std::string("none: nothing bounds the network");
}

/// What the network's lower bound consists of.
std::string bound_reason(const Result& result, const RunFigures& figures) {
  if (figures.roofline.bounds.bound() == Bound::Dram) {
    return fmt::format(
        "dram: {} of {} at {}", scaled(figures.roofline.compulsory_bytes, "B"),
        result.chip.io == IoMemory::Device ? "parameters, inputs and outputs" : "parameters",
        nominal(dram_rates(result).peak_bytes_per_second, "B/s"));
  }
  return fmt::format("compute: {} at {} a cycle", scaled(figures.macs, "MAC"),
                     grouped(result.chip.macs_per_cycle()));
}

std::string totals(const Result& result, const RunFigures& figures, const TextOptions& options) {
  const auto line = [&](std::string_view label, std::string_view words) {
    return labelled(label, words, options);
  };
  const Counters& counters = result.counters;
  const DramRates rates = dram_rates(result);
  std::string text = styled("total", Style::Heading, options.colour) + '\n';
  text += line(
      "time", fmt::format("{} cycles at {}: {}, {} {}/s", grouped(counters.elapsed.count()),
                          nominal(static_cast<double>(result.chip.frequency.count()), "Hz"),
                          duration(figures.seconds), scaled_real(figures.inferences_per_second, ""),
                          result.training ? "samples" : "inferences"));
  text += line("arithmetic",
               fmt::format("{}, {} % of the peak of {}", scaled_real(figures.tops * kTera, "OPS"),
                           percent(ratio(figures.tops, figures.peak_tops)),
                           nominal(figures.peak_tops * kTera, "OPS")));
  text += line("roofline bound", bound_text(figures, bound_reason(result, figures)));
  text += line("distance", distance_text(figures));
  if (figures.distance) {
    const std::string beyond = beyond_text(figures.beyond);
    text += line("beyond it", beyond.empty() ? "nothing" : beyond);
  }
  text += line("DRAM", fmt::format("{} read, {} written: {}, {} % of peak; {} % row hits",
                                   scaled(counters.dram.read_bytes, "B"),
                                   scaled(counters.dram.write_bytes, "B"),
                                   scaled_real(rates.bytes_per_second, "B/s"),
                                   percent(rates.utilisation), percent(rates.row_hit_rate)));
  text +=
      line("host link", fmt::format("{} in, {} out", scaled(counters.actions.host_in_bytes, "B"),
                                    scaled(counters.actions.host_out_bytes, "B")));
  if (result.chip.io == IoMemory::Device) {
    text += line("inputs, outputs", "in device memory, before and after the run");
  }
  return text + '\n';
}

std::string matrix_breakdown(const Result& result, const TextOptions& options) {
  const std::int64_t units = result.chip.matrix_units();
  Table table({{units == 1 ? "matrix unit" : fmt::format("{} matrix units", units), Align::Left},
               {"cycles"},
               {"share"},
               {"", Align::Left}});
  std::int64_t sum = 0;
  for (const MatrixShare& share : matrix_shares(result.chip, result.counters)) {
    sum += share.tenths_of_percent;
    if (share.cycles > CoreCycles(0)) {
      table.add({fmt::format("  {}", share.name), grouped(share.cycles.count()),
                 tenths(share.tenths_of_percent), std::string(share.meaning)});
    }
  }
  const CoreCycles of_all = result.counters.elapsed * result.chip.matrix_units();
  table.add({"  together", grouped(of_all.count()), tenths(sum), ""});
  return table.print(options.width, options.colour) + '\n';
}

/// Which figures of the chip the larger stalls come from.
std::string advice_block(const Result& result, const TextOptions& options) {
  const std::vector<Advice> advice = advice_of(result);
  if (advice.empty()) {
    return "";
  }
  std::string text = styled("what made it wait", Style::Heading, options.colour) + '\n';
  for (const Advice& item : advice) {
    const std::string line = fmt::format("{} ({})", item.reason, fmt::join(item.keys, ", "));
    text += labelled(fmt::format("{} {:.0f} %", name_of(item.cause), item.share * kHundred), line,
                     options);
  }
  return text + '\n';
}

std::string warning_lines(const ChipSpec& chip, const TextOptions& options) {
  std::string text;
  for (const std::string& warning : chip_warnings(chip)) {
    text += labelled("warning", on_one_line(warning), options);
  }
  return text.empty() ? text : '\n' + text;
}

std::string engine_table(const Counters& counters, const TextOptions& options) {
  Table table({{"engine", Align::Left},
               {"instructions"},
               {"busy"},
               {"idle"},
               {"largest wait", Align::Left}});
  const auto share = [&](CoreCycles cycles) {
    return percent(ratio(static_cast<double>(cycles.count()),
                         static_cast<double>(counters.elapsed.count()))) +
           " %";
  };
  for (const EngineId engine : counters.engines.engines()) {
    const EngineCounters& engine_counters = counters.engine(engine);
    EngineCounters waits = engine_counters;
    waits[Cause::Idle] = CoreCycles(0);
    const Stall stall = largest_stall(waits);
    const std::string wait = stall.cycles == CoreCycles(0)
                                 ? "-"
                                 : fmt::format("{} {}", name_of(stall.cause), share(stall.cycles));
    table.add({fmt::format("  {}", name_of(engine)), grouped(engine_counters.instructions),
               share(engine_counters[Cause::Busy]), share(engine_counters[Cause::Idle]), wait});
  }
  return table.print(options.width, options.colour);
}

std::string source_line(std::string_view label, const SourceFile& source,
                        const TextOptions& options) {
  constexpr std::size_t kShownDigits = 12;
  const std::string_view note =
      source.replaces_shipped ? "; not the one that ships under this name" : std::string_view();
  const std::string hash = source.hash.empty()
                               ? std::string("no file")
                               : fmt::format("xxh128 {}...", source.hash.substr(0, kShownDigits));
  return labelled(label, fmt::format("{} ({}{})", on_one_line(source.file), hash, note), options);
}

std::string made_by_block(const Provenance& made_by, const TextOptions& options) {
  return '\n' + styled("made by", Style::Heading, options.colour) +
         fmt::format(" systole {} with seed {}, from\n", made_by.version, made_by.seed) +
         source_line("chip", made_by.chip, options) +
         source_line("network", made_by.network, options);
}

std::string mismatch_line(const Mismatch& mismatch) {
  const std::string actual =
      mismatch.missing ? "nothing was written" : fmt::format("got {}", mismatch.actual);
  return fmt::format("  {} at batch {}, row {}, column {}, channel {}: expected {}, {}\n",
                     shortened(on_one_line(mismatch.tensor), kTensorWidth), mismatch.batch,
                     mismatch.row, mismatch.col, mismatch.channel, mismatch.expected, actual);
}

std::string check_block(const CheckResult& check, const TextOptions& options) {
  std::string text =
      '\n' + styled(check_line(check), check.passed() ? Style::Good : Style::Bad, options.colour) +
      '\n';
  for (const Mismatch& mismatch : check.first) {
    text += mismatch_line(mismatch);
  }
  const auto shown = static_cast<std::int64_t>(check.first.size());
  if (shown > 0 && shown < check.mismatches) {
    text += fmt::format("  and {} more\n", grouped(check.mismatches - shown));
  }
  return text;
}

}  // namespace

std::string text_report(const Result& result, const TextOptions& options, const RunExtras& extras) {
  SYSTOLE_CHECK(result.counters.layers.size() == result.graph.nodes.size(),
                "{} layers counted, {} in the network", result.counters.layers.size(),
                result.graph.nodes.size());
  const RunFigures figures = run_figures(result);
  std::string text = heading(result, figures, options);
  text += summary(result, extras, options);
  text += layer_table(result, options);
  text += totals(result, figures, options);
  text += language_text(result, options);
  text += training_text(result, options);
  text += matrix_breakdown(result, options);
  text += advice_block(result, options);
  text += engine_table(result.counters, options);
  text += warning_lines(result.chip, options);
  text += silicon_text(result, options);
  text += extras_text(result, extras, options);
  if (result.made_by) {
    text += made_by_block(*result.made_by, options);
  }
  if (result.check) {
    text += quality_text(*result.check, options.colour);
    text += check_block(*result.check, options);
  }
  if (result.comparison) {
    text += comparison_text(*result.comparison, options.colour);
  }
  return text;
}

std::string check_line(const CheckResult& check) {
  return fmt::format(
      "check: {} tensors compared with the reference kernels, {} elements, {} mismatches: {}",
      grouped(check.tensors), grouped(check.elements), grouped(check.mismatches),
      check.passed() ? "passed" : "FAILED");
}

}  // namespace systole
