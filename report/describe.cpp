#include "report/describe.h"

#include <algorithm>

#include <fmt/format.h>

#include "arch/units/operations.h"
#include "report/format.h"
#include "report/fpga.h"
#include "report/labelled.h"
#include "report/silicon.h"
#include "report/table.h"
#include "study/advice.h"
#include "study/run_figures.h"

namespace systole {

namespace {

using Align = Column::Align;

/// The type of a weight of this kind; the narrow one where it may be either.
DataType weight_type_of(MacKind kind) {
  switch (kind) {
    case MacKind::Int8:
    case MacKind::Int8xInt16:
      return DataType::Int8;
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

std::string_view meaning_of(Overlap overlap) {
  switch (overlap) {
    case Overlap::Shadow:
      return "the next fold loads, the one before unloads, while the array multiplies";
    case Overlap::None:
      return "a fold has the array to itself from its first load to its last result";
  }
  return "";
}

/// Every kind of operands that the array multiplies, at its rate.
std::string peaks(const ChipSpec& chip) {
  std::string text;
  for (const auto& [kind, name] : kEnumNames<MacKind>) {
    if (chip.matrix.supports(kind)) {
      const double operations = kOperationsPerMac * peak_macs_per_second(chip, kind);
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", nominal(operations, "OPS"), name);
    }
  }
  return text;
}

std::string array_rates(const ChipSpec& chip) {
  const MatrixUnitSpec& matrix = chip.matrix;
  std::string text = labelled(
      "matrix unit",
      fmt::format("{}{} x {} PEs, {}, {} MACs a step",
                  matrix.count == 1 ? "" : fmt::format("{} units of ", matrix.count), matrix.rows,
                  matrix.cols, name_of(matrix.dataflow), grouped(chip.macs_per_cycle())));
  text += labelled("overlap",
                   fmt::format("{}: {}", name_of(matrix.overlap), meaning_of(matrix.overlap)));
  text += labelled("model", name_of(matrix.model));
  text += labelled("peak", wrapped(peaks(chip), kReportWidth, kLabelWidth + 2));
  return text;
}

std::string peak_rates(const ChipSpec& chip) {
  const ChipFigures figures = chip_figures(chip);
  std::string text = labelled("clock", nominal(static_cast<double>(chip.frequency.count()), "Hz"));
  if (chip.cores > 1) {
    text += labelled(
        "cores", fmt::format("{}, each with all that follows but DRAM and host link", chip.cores));
  }
  text += array_rates(chip);
  std::string vector = fmt::format("{} lanes; cycles a step:", chip.vector.lanes);
  std::string_view separator = " ";
  for (const auto& [kind, name] : kEnumNames<VectorClass>) {
    if (chip.vector.pace_of(kind) == CoreCycles(0)) {
      continue;  // a chip made by hand, without it
    }
    vector += fmt::format("{}{} {}", separator, name, chip.vector.pace_of(kind).count());
    separator = ", ";
  }
  text += labelled("vector unit", wrapped(vector, kReportWidth, kLabelWidth + 2));
  const auto dram = static_cast<double>(chip.dram.peak_bandwidth().count());
  text += labelled("DRAM bandwidth",
                   fmt::format("{}, {} {} of {}", nominal(dram, "B/s"), chip.dram.channels,
                               chip.dram.channels == 1 ? "channel" : "channels",
                               on_one_line(chip.dram.standard.name)));
  text += labelled(
      "host link",
      fmt::format("{} each way", nominal(static_cast<double>(chip.host.bandwidth.count()), "B/s")));
  text += labelled("ridge point",
                   fmt::format("{:.4g} MACs per weight byte: a network with fewer waits for DRAM",
                               figures.ridge));
  return text;
}

std::string capacities(const ChipSpec& chip) {
  const std::int64_t entry = chip.matrix.cols * bytes_of(DataType::Int32);
  const DataType weight = weight_type_of(chip_figures(chip).fastest);
  const std::int64_t tile = bytes_of(weight, chip.matrix.rows * chip.matrix.cols);
  std::string text =
      labelled("unified buffer",
               fmt::format("{}, {} banks, {} ports of {}",
                           binary_bytes(chip.buffer.capacity.count()), chip.buffer.banks,
                           chip.buffer.ports, binary_bytes(chip.buffer.port_width.count())));
  text += labelled("accumulators", fmt::format("{}: {} entries of {} x 32 bit, {} banks, {} ports",
                                               binary_bytes(chip.accumulators.entries * entry),
                                               grouped(chip.accumulators.entries), chip.matrix.cols,
                                               chip.accumulators.banks, chip.accumulators.ports));
  text += labelled("weight FIFO",
                   fmt::format("{}: {} tiles of {} {} weights",
                               binary_bytes(chip.weight_fifo.tiles * tile), chip.weight_fifo.tiles,
                               grouped(chip.matrix.rows * chip.matrix.cols), name_of(weight)));
  text += labelled("DRAM", binary_bytes(chip.dram.capacity.count()));
  return text;
}

std::string fpga_section(const ChipSpec& chip, bool colour) {
  const std::string table = fpga_table(chip, colour);
  return table.empty() ? "" : '\n' + table.substr(0, table.size() - 1);
}

}  // namespace

std::string fact_table(const std::vector<Fact>& facts, const TextOptions& options) {
  // Sources are long and shared: rows name them by number, a list below spells them out.
  std::vector<std::string> sources;
  const auto number_of = [&](const std::string& source) -> std::string {
    if (source.empty()) {
      return "-";
    }
    auto found = std::find(sources.begin(), sources.end(), source);
    if (found == sources.end()) {
      found = sources.insert(sources.end(), source);
    }
    return fmt::format("[{}]", found - sources.begin() + 1);
  };
  Table table({{"quantity", Align::Left},
               {"value", Align::Left},
               {"status", Align::Left},
               {"source", Align::Left}});
  for (const Fact& fact : facts) {
    table.add({on_one_line(fact.path), on_one_line(fact.value), std::string(name_of(fact.status)),
               number_of(on_one_line(fact.source))});
  }
  std::string text = table.print(kReportWidth, options.colour);
  text +=
      "\nstatus: found = stated by the source; derived = computed from stated figures; unverified "
      "= "
      "not\nchecked against the source; assumed = a modelling choice of this project.\n";
  if (!sources.empty()) {
    text += '\n' + styled("sources", Style::Heading, options.colour) + '\n';
  }
  for (std::size_t index = 0; index < sources.size(); ++index) {
    const std::string label = fmt::format("  [{}] ", index + 1);
    text += label + wrapped(sources[index], kReportWidth, label.size()) + '\n';
  }
  return text;
}

std::string describe_chip(const ChipSpec& chip, const TextOptions& options) {
  std::string text = styled(on_one_line(chip.name), Style::Heading, options.colour) + '\n';
  if (!chip.description.empty()) {
    text += wrapped(on_one_line(chip.description), kReportWidth, 0) + '\n';
  }
  for (const std::string& warning : chip_warnings(chip)) {
    text += "warning: " + wrapped(on_one_line(warning), kReportWidth, 9) + '\n';
  }
  text += '\n' + styled("peak rates", Style::Heading, options.colour) + '\n' + peak_rates(chip);
  text += '\n' + styled("capacities", Style::Heading, options.colour) + '\n' + capacities(chip);
  text += describe_silicon(chip, options);
  text += fpga_section(chip, options.colour);
  return text + '\n' + fact_table(chip.facts, options);
}

}  // namespace systole
