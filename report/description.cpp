#include "report/description.h"

#include <fmt/format.h>

#include "arch/isa/mac_kind.h"
#include "arch/units/operations.h"
#include "report/format.h"
#include "report/silicon.h"
#include "report/table.h"
#include "silicon/area/area.h"
#include "study/advice.h"
#include "study/run_figures.h"

namespace systole {

namespace {

using Json = nlohmann::ordered_json;
using Align = Column::Align;
using DescribedFigure = Description::Figure;

constexpr std::size_t kFigureWidth = 22;

DescribedFigure integer(std::string key, std::string label, std::int64_t value) {
  return {std::move(key), std::move(label), value, grouped(value)};
}

DescribedFigure rate(std::string key, std::string label, double value, std::string_view unit) {
  return {std::move(key), std::move(label), value, nominal(value, unit)};
}

DescribedFigure bytes(std::string key, std::string label, Bytes value) {
  return {std::move(key), std::move(label), value.count(), binary_bytes(value.count())};
}

DescribedFigure word(std::string key, std::string label, std::string value) {
  return {std::move(key), std::move(label), value, on_one_line(value)};
}

std::string extents_text(const std::vector<std::int64_t>& extents) {
  return fmt::format("{}", fmt::join(extents, "x"));
}

Description::Layer layer_of(const Graph& graph, const Node& node) {
  const GraphTensor& output = graph.tensor(node.output());
  return {.name = node.name,
          .kind = node.kind,
          .output = {output.type.extents.begin(), output.type.extents.end()},
          .type = std::string(name_of(output.type.element)),
          .macs = macs_of(graph, node),
          .parameters = parameters_of(graph, node)};
}

std::string tensor_words(const Graph& graph, const std::vector<GraphTensorId>& ids) {
  std::string text;
  for (const GraphTensorId id : ids) {
    const GraphTensor& tensor = graph.tensor(id);
    text += fmt::format("{}{} {} {}", text.empty() ? "" : ", ", tensor.name,
                        fmt::join(tensor.type.extents, "x"), name_of(tensor.type.element));
  }
  return text;
}

std::string layer_table_of(const Description& description, const TextOptions& options) {
  Table table({{"layer", Align::Left},
               {"kind", Align::Left},
               {"output"},
               {"type", Align::Left},
               {"MACs"},
               {"parameters"}});
  for (const Description::Layer& layer : description.layers) {
    table.add({on_one_line(layer.name), layer.kind, extents_text(layer.output), layer.type,
               layer.macs > 0 ? scaled(layer.macs) : "-",
               layer.parameters > 0 ? scaled(layer.parameters) : "-"});
  }
  return '\n' + table.print(options.width, options.colour);
}

Json fact_json(const Fact& fact) {
  return {{"path", fact.path},
          {"value", fact.value},
          {"status", name_of(fact.status)},
          {"source", fact.source.empty() ? Json() : Json(fact.source)}};
}

}  // namespace

Description description_of(const ChipSpec& chip) {
  Description made{.kind = "chip", .name = chip.name, .description = chip.description};
  const MatrixUnitSpec& matrix = chip.matrix;
  made.figures = {rate("clock_hz", "clock", static_cast<double>(chip.frequency.count()), "Hz"),
                  integer("matrix_rows", "rows of the array", matrix.rows),
                  integer("matrix_columns", "columns of the array", matrix.cols),
                  word("dataflow", "dataflow", std::string(name_of(matrix.dataflow)))};
  for (const auto& [kind, name] : kEnumNames<MacKind>) {
    if (matrix.supports(kind)) {
      made.figures.push_back(rate(fmt::format("peak_ops_{}", name), fmt::format("peak, {}", name),
                                  kOperationsPerMac * peak_macs_per_second(chip, kind), "OPS"));
    }
  }
  made.figures.push_back(rate("dram_bytes_per_second", "DRAM bandwidth",
                              static_cast<double>(chip.dram.peak_bandwidth().count()), "B/s"));
  made.figures.push_back(bytes("dram_bytes", "DRAM", chip.dram.capacity));
  made.figures.push_back(word("dram_standard", "DRAM standard", chip.dram.standard.name));
  made.figures.push_back(bytes("unified_buffer_bytes", "unified buffer", chip.buffer.capacity));
  made.figures.push_back(integer("vector_lanes", "lanes of the vector unit", chip.vector.lanes));
  if (chip.silicon) {
    made.figures.push_back(word("technology", "technology", chip.silicon->technology.name));
    made.figures.push_back({"die_mm2", "die", chip_area(chip).die.count(),
                            fmt::format("{:.1f} mm2", chip_area(chip).die.count())});
    made.figures.push_back(rate("tdp_watts", "TDP", chip.silicon->tdp.count(), "W"));
  }
  made.warnings = chip_warnings(chip);
  made.facts = all_facts(chip);
  return made;
}

Description description_of(const Graph& graph) {
  Description made{.kind = "network", .name = graph.name};
  std::int64_t macs = 0;
  std::int64_t parameters = 0;
  std::int64_t parameter_bytes = 0;
  for (const Node& node : graph.nodes) {
    made.layers.push_back(layer_of(graph, node));
    macs += made.layers.back().macs;
    parameters += made.layers.back().parameters;
    parameter_bytes += compulsory_bytes(graph, node).count();
  }
  made.figures = {
      integer("batch", "batch", graph.batch),
      integer("layers", "layers", static_cast<std::int64_t>(graph.nodes.size())),
      {"macs_per_input", "MACs an input", macs / graph.batch, scaled(macs / graph.batch)},
      {"parameters", "parameters", parameters, scaled(parameters)},
      {"parameter_bytes", "bytes of them", parameter_bytes, scaled(parameter_bytes, "B")},
      word("inputs", "inputs", tensor_words(graph, graph.inputs)),
      word("outputs", "outputs", tensor_words(graph, graph.outputs))};
  return made;
}

Description description_of(const DramStandard& standard, const std::vector<Fact>& facts) {
  const DramOrganization& organization = standard.organization;
  const DramSpec memory{.standard = standard, .channels = standard.channels};
  Description made{.kind = "DRAM standard", .name = standard.name};
  made.figures = {integer("channels", "channels", standard.channels),
                  integer("pseudo_channels", "pseudo-channels", organization.pseudo_channels),
                  integer("bus_bits", "bits of the data bus", organization.bus_bits),
                  rate("bytes_per_second", "peak, all channels",
                       static_cast<double>(memory.peak_bandwidth().count()), "B/s"),
                  bytes("channel_bytes", "capacity of a channel", organization.capacity()),
                  integer("burst_bytes", "bytes of a burst", organization.burst_bytes().count()),
                  bytes("row_bytes", "bytes of a row", organization.row_bytes()),
                  integer("banks_per_rank", "banks of a rank", organization.banks_per_rank()),
                  integer("ranks", "ranks", organization.ranks)};
  made.facts = facts;
  return made;
}

Description description_of(const FpgaPartFile& card) {
  const FpgaPart& part = card.part;
  Description made{.kind = "FPGA card", .name = part.name, .description = part.description};
  made.figures = {
      integer("multipliers", part.multiplier_name, part.available.multipliers),
      integer("block_memories", part.block_memory_name, part.available.block_memories),
      integer("luts", "LUTs", part.available.luts),
      integer("flip_flops", "flip-flops", part.available.flip_flops),
      rate("clock_limit_hz", "highest clock", static_cast<double>(part.clock_limit.count()), "Hz"),
      rate("memory_bytes_per_second", "memory bandwidth",
           static_cast<double>(part.memory_bandwidth.count()), "B/s"),
      bytes("memory_bytes", "memory", part.memory),
      rate("tdp_watts", "TDP", part.tdp.count(), "W")};
  if (part.available.large_memories > 0) {
    made.figures.push_back(
        integer("large_memories", part.large_memory_name, part.available.large_memories));
  }
  if (part.price) {
    made.figures.push_back(
        {"price_usd", "price", part.price->count(), fmt::format("{:g} $", part.price->count())});
  }
  made.facts = card.facts;
  return made;
}

std::string description_text(const Description& description, const TextOptions& options) {
  std::string text = styled(on_one_line(description.name), Style::Heading, options.colour) +
                     fmt::format(": {}\n", description.kind);
  if (!description.description.empty()) {
    text += wrapped(on_one_line(description.description), options.width, 0) + '\n';
  }
  for (const std::string& warning : description.warnings) {
    text += "warning: " + wrapped(on_one_line(warning), options.width, 9) + '\n';
  }
  text += '\n';
  for (const DescribedFigure& figure : description.figures) {
    text += fmt::format("  {:<{}}{}\n", figure.label, kFigureWidth,
                        wrapped(figure.text, options.width, kFigureWidth + 2));
  }
  if (!description.layers.empty()) {
    text += layer_table_of(description, options);
  }
  return description.facts.empty() ? text : text + '\n' + fact_table(description.facts, options);
}

Json description_json(const Description& description) {
  Json figures = Json::object();
  for (const DescribedFigure& figure : description.figures) {
    figures[figure.key] = figure.value;
  }
  Json layers = Json::array();
  for (const Description::Layer& layer : description.layers) {
    layers.push_back({{"name", layer.name},
                      {"kind", layer.kind},
                      {"output_shape", layer.output},
                      {"type", layer.type},
                      {"macs", layer.macs},
                      {"parameters", layer.parameters}});
  }
  Json facts = Json::array();
  for (const Fact& fact : description.facts) {
    facts.push_back(fact_json(fact));
  }
  return {{"schema", "systole.describe/1"},   {"kind", description.kind},
          {"name", description.name},         {"description", description.description},
          {"figures", std::move(figures)},    {"layers", std::move(layers)},
          {"warnings", description.warnings}, {"facts", std::move(facts)}};
}

}  // namespace systole
