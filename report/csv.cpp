#include "report/csv.h"

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "study/figure_json.h"
#include "study/result_rows.h"

namespace systole {

namespace {

using Json = nlohmann::ordered_json;

std::string row_of(const std::vector<std::string>& fields) {
  return fmt::format("{}\n", fmt::join(fields, ","));
}

/// A column, and where a layer of the JSON report has it.
struct CsvColumn {
  std::string name;
  std::string place;
};

std::vector<CsvColumn> columns() {
  std::vector<CsvColumn> all{{"name", "/name"},
                             {"kind", "/kind"},
                             {"output_batch", "/output_shape/0"},
                             {"output_rows", "/output_shape/1"},
                             {"output_cols", "/output_shape/2"},
                             {"output_channels", "/output_shape/3"},
                             {"macs", "/macs"},
                             {"cycles", "/cycles"},
                             {"exposed_cycles", "/exposed_cycles"},
                             {"first_start", "/first_start"},
                             {"last_end", "/last_end"},
                             {"seconds", "/seconds"},
                             {"utilisation", "/utilisation"},
                             {"bound", "/bound"},
                             {"roofline_cycles", "/roofline/cycles"},
                             {"compute_bound_cycles", "/roofline/compute_cycles"},
                             {"memory_bound_cycles", "/roofline/memory_cycles"},
                             {"main_engine", "/main_engine"},
                             {"largest_stall", "/largest_stall"},
                             {"largest_stall_cycles", "/largest_stall_cycles"},
                             {"dram_read_bytes", "/dram/read_bytes"},
                             {"dram_write_bytes", "/dram/write_bytes"},
                             {"host_bytes", "/host/bytes"}};
  for (const auto& [engine, name] : kEnumNames<EngineKind>) {
    all.push_back({fmt::format("{}_busy_cycles", name), fmt::format("/busy/{}", name)});
  }
  all.push_back({"joules", "/joules"});
  return all;
}

std::string cell(const Json& value) {
  if (value.is_null()) {
    return "";
  }
  if (value.is_string()) {
    return csv_field(value.get<std::string>());
  }
  return value.is_number_float() ? fmt::format("{}", value.get<double>()) : value.dump();
}

std::string header() {
  std::vector<std::string> names{"index"};
  for (const CsvColumn& column : columns()) {
    names.push_back(column.name);
  }
  for (const auto& [component, name] : kEnumNames<Component>) {
    names.push_back(fmt::format("{}_joules", name));
  }
  return row_of(names);
}

/// Of each component; empty for a chip without a technology.
void add_energies(std::vector<std::string>& fields, const Result& result, std::size_t index) {
  for (const auto& [component, name] : kEnumNames<Component>) {
    fields.push_back(
        result.energy ? fmt::format("{}", result.energy->layers[index].of(component).count()) : "");
  }
}

std::string layer_row(const Result& result, std::size_t index) {
  const Json layer = figure_json(layer_report(result, index));
  std::vector<std::string> fields{fmt::format("{}", index)};
  for (const CsvColumn& column : columns()) {
    fields.push_back(cell(layer.at(Json::json_pointer(column.place))));
  }
  add_energies(fields, result, index);
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
