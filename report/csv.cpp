#include "report/csv.h"

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "study/run_figures.h"

namespace systole {

namespace {

std::string row_of(const std::vector<std::string>& fields) {
  return fmt::format("{}\n", fmt::join(fields, ","));
}

std::string header() {
  std::vector<std::string> names{"index",
                                 "name",
                                 "kind",
                                 "output_batch",
                                 "output_rows",
                                 "output_cols",
                                 "output_channels",
                                 "macs",
                                 "cycles",
                                 "exposed_cycles",
                                 "first_start",
                                 "last_end",
                                 "seconds",
                                 "utilisation",
                                 "bound",
                                 "roofline_cycles",
                                 "compute_bound_cycles",
                                 "memory_bound_cycles",
                                 "main_engine",
                                 "largest_stall",
                                 "largest_stall_cycles",
                                 "dram_read_bytes",
                                 "dram_write_bytes",
                                 "host_bytes"};
  for (const auto& [engine, name] : kEnumNames<Engine>) {
    names.push_back(fmt::format("{}_busy_cycles", name));
  }
  names.emplace_back("joules");
  return row_of(names);
}

std::string layer_row(const Result& result, std::size_t index) {
  const Node& node = result.graph.nodes[index];
  const Shape shape = result.graph.tensor(node.output()).shape();
  const LayerCounters& counters = result.counters.layers[index];
  const LayerFigures figures = layer_figures(result, index);
  const auto number = [](auto value) { return fmt::format("{}", value); };
  const bool stalled = figures.stall.cycles > CoreCycles(0);
  std::vector<std::string> fields{number(index),
                                  csv_field(node.name),
                                  csv_field(node.kind),
                                  number(shape.batch),
                                  number(shape.rows),
                                  number(shape.cols),
                                  number(shape.channels),
                                  number(counters.macs),
                                  number(counters.active.count()),
                                  number(counters.exposed.count()),
                                  number(counters.first_start.count()),
                                  number(counters.last_end.count()),
                                  number(figures.seconds),
                                  number(figures.utilisation),
                                  std::string(name_of(figures.bound)),
                                  number(figures.roofline.cycles().count()),
                                  number(figures.roofline.compute.count()),
                                  number(figures.roofline.memory.count()),
                                  figures.view ? "" : std::string(name_of(figures.main_engine)),
                                  stalled ? std::string(name_of(figures.stall.cause)) : "",
                                  number(figures.stall.cycles.count()),
                                  number(counters.dram_read_bytes),
                                  number(counters.dram_write_bytes),
                                  number(counters.host_bytes)};
  for (const EngineCounters& engine : counters.engines) {
    fields.push_back(number(engine[Cause::Busy].count()));
  }
  fields.push_back(result.energy ? number(result.energy->layers[index].total().count()) : "");
  return row_of(fields);
}

}  // namespace

std::string csv_report(const Result& result) {
  SYSTOLE_CHECK(result.counters.layers.size() == result.graph.nodes.size(),
                "{} layers counted, {} in the network", result.counters.layers.size(),
                result.graph.nodes.size());
  std::string text = header();
  for (std::size_t index = 0; index < result.graph.nodes.size(); ++index) {
    text += layer_row(result, index);
  }
  return text;
}

std::string csv_field(std::string_view text) {
  const bool blank_end = !text.empty() && (text.front() == ' ' || text.back() == ' ');
  if (text.find_first_of(",\"\r\n") == std::string_view::npos && !blank_end) {
    return std::string(text);
  }
  std::string field = "\"";
  for (const char character : text) {
    field += character;
    if (character == '"') {
      field += character;
    }
  }
  return field + '"';
}

}  // namespace systole
