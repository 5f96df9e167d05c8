#include "report/diff.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "arch/diag/error.h"
#include "arch/diag/printable.h"
#include "report/format.h"
#include "report/labelled.h"
#include "report/table.h"

namespace systole {

namespace {

using Json = nlohmann::ordered_json;
using Align = Column::Align;

constexpr std::string_view kSchema = "systole.run/1";

/// Where a figure of a report stands, and how it reads.
struct DiffFigure {
  std::string_view name;
  std::string_view place;
  std::string_view unit;  ///< `cycles` and `%` are no units but ways to be shown
};

constexpr auto kFigures =
    std::to_array<DiffFigure>({{"time", "/total/seconds", "s"},
                               {"cycles", "/total/cycles", "cycles"},
                               {"inferences/s", "/total/inferences_per_second", ""},
                               {"utilisation", "/total/utilisation", "%"},
                               {"bound", "/total/roofline/cycles", "cycles"},
                               {"bound reached", "/total/roofline/fraction", "%"},
                               {"DRAM read", "/dram/read_bytes", "B"},
                               {"DRAM written", "/dram/write_bytes", "B"},
                               {"DRAM row hits", "/dram/row_hit_rate", "%"},
                               {"energy an inference", "/energy/joules_per_inference", "J"},
                               {"power", "/energy/average_watts", "W"},
                               {"die", "/area/die_mm2", "mm2"},
                               {"$/million, owned", "/cost/own/usd_per_million", "$"},
                               {"$/million, built", "/cost/build/usd_per_million", "$"}});

std::optional<double> number_at(const Json& report, std::string_view place) {
  const Json::json_pointer pointer{std::string(place)};
  if (!report.contains(pointer) || !report.at(pointer).is_number()) {
    return std::nullopt;
  }
  return report.at(pointer).get<double>();
}

std::string shown(std::optional<double> value, const DiffFigure& figure) {
  if (!value) {
    return "-";
  }
  if (figure.unit == "cycles") {
    return grouped(static_cast<std::int64_t>(*value));
  }
  if (figure.unit == "%") {
    return percent(*value) + " %";
  }
  if (figure.unit == "mm2" || figure.unit == "$") {
    return fmt::format("{:.4g} {}", *value, figure.unit);
  }
  if (figure.unit == "s") {
    return duration(*value);
  }
  return *value == std::trunc(*value) && figure.unit == "B"
             ? scaled(static_cast<std::int64_t>(*value), figure.unit)
             : engineering(*value, figure.unit);
}

/// `-12.3 %`; of what was nothing before, or of shares, the difference says more.
std::string change(std::optional<double> before, std::optional<double> after,
                   std::string_view unit = {}) {
  if (!before || !after) {
    return "";
  }
  if (*before == *after) {
    return "=";
  }
  if (unit == "%") {
    return fmt::format("{:+.1f} points", (*after - *before) * kHundred);
  }
  return *before == 0 ? "new" : fmt::format("{:+.1f} %", (*after / *before - 1) * kHundred);
}

std::string text_at(const Json& report, std::string_view place) {
  const Json::json_pointer pointer{std::string(place)};
  if (!report.contains(pointer)) {
    return "-";
  }
  const Json& value = report.at(pointer);
  return on_one_line(value.is_string() ? value.get<std::string>() : value.dump());
}

/// The lines of what made the runs, as far as they differ; else that nothing does.
std::string sources_text(const Json& before, const Json& after, const TextOptions& options) {
  struct Source {
    std::string_view name;
    std::string_view place;
  };
  constexpr auto kSources = std::to_array<Source>({{"network", "/network"},
                                                   {"chip", "/chip"},
                                                   {"batch", "/batch"},
                                                   {"type", "/type"},
                                                   {"io", "/io"},
                                                   {"clock, Hz", "/frequency_hz"},
                                                   {"chip file", "/made_by/chip/xxh128"},
                                                   {"network file", "/made_by/network/xxh128"},
                                                   {"version", "/made_by/version"},
                                                   {"seed", "/made_by/seed"}});
  Table table({{"made from", Align::Left}, {"before", Align::Left}, {"after", Align::Left}});
  bool differs = false;
  for (const Source& source : kSources) {
    const std::string a = text_at(before, source.place);
    const std::string b = text_at(after, source.place);
    if (a != b) {
      differs = true;
      constexpr std::size_t kLongest = 36;
      table.add({fmt::format("  {}", source.name), shortened(a, kLongest), shortened(b, kLongest)});
    }
  }
  return differs ? table.print(options.width, options.colour) + '\n'
                 : "made from the same chip, network and options\n\n";
}

std::string figures_text(const Json& before, const Json& after, const TextOptions& options) {
  Table table({{"total", Align::Left}, {"before"}, {"after"}, {"change"}});
  for (const DiffFigure& figure : kFigures) {
    const auto a = number_at(before, figure.place);
    const auto b = number_at(after, figure.place);
    if (a || b) {
      table.add({fmt::format("  {}", figure.name), shown(a, figure), shown(b, figure),
                 change(a, b, figure.unit)});
    }
  }
  return table.print(options.width, options.colour) + '\n';
}

/// The shares of the matrix unit's cycles, by name.
std::vector<std::string> share_names(const Json& before, const Json& after) {
  std::vector<std::string> names;
  for (const Json* report : {&before, &after}) {
    for (const Json& share : report->at("matrix_cycles")) {
      const std::string name = share.at("name").get<std::string>();
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        names.push_back(name);
      }
    }
  }
  return names;
}

double cycles_of_share(const Json& report, const std::string& name) {
  for (const Json& share : report.at("matrix_cycles")) {
    if (share.at("name") == name) {
      return share.at("cycles").get<double>();
    }
  }
  return 0;
}

std::string shares_text(const Json& before, const Json& after, const TextOptions& options) {
  Table table({{"matrix unit", Align::Left}, {"before"}, {"after"}, {"cycles"}, {"change"}});
  for (const std::string& name : share_names(before, after)) {
    const double a = cycles_of_share(before, name);
    const double b = cycles_of_share(after, name);
    if (a != 0 || b != 0) {
      table.add({fmt::format("  {}", on_one_line(name)), grouped(static_cast<std::int64_t>(a)),
                 grouped(static_cast<std::int64_t>(b)),
                 fmt::format("{:+}", static_cast<std::int64_t>(b - a)), change(a, b)});
    }
  }
  return table.print(options.width, options.colour) + '\n';
}

/// A layer of either run; null where it has none of that name.
struct LayerPair {
  std::string name;
  const Json* before = nullptr;
  const Json* after = nullptr;

  [[nodiscard]] double figure(const Json* layer, const char* key) const {
    return layer == nullptr || layer->at(key).is_null() ? 0.0 : layer->at(key).get<double>();
  }
  [[nodiscard]] double change(const char* key) const {
    return figure(after, key) - figure(before, key);
  }
};

/// Layers of one name are taken together in their order; those that changed the time most first,
/// equal ones in the order of the first run, then of the second.
std::vector<LayerPair> layer_pairs(const Json& before, const Json& after) {
  std::vector<LayerPair> pairs;
  std::map<std::string, std::vector<std::size_t>> by_name;
  for (const Json& layer : before.at("layers")) {
    const std::string name = layer.at("name").get<std::string>();
    by_name[name].push_back(pairs.size());
    pairs.push_back({.name = name, .before = &layer});
  }
  std::map<std::string, std::size_t> taken;
  for (const Json& layer : after.at("layers")) {
    const std::string name = layer.at("name").get<std::string>();
    const auto found = by_name.find(name);
    const std::size_t next = taken[name]++;
    if (found != by_name.end() && next < found->second.size()) {
      pairs[found->second[next]].after = &layer;
    } else {
      pairs.push_back({.name = name, .after = &layer});
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(), [](const LayerPair& a, const LayerPair& b) {
    return std::fabs(a.change("exposed_cycles")) > std::fabs(b.change("exposed_cycles"));
  });
  return pairs;
}

std::string cycles_cell(const Json* layer, const char* key) {
  return layer == nullptr ? "-" : grouped(layer->at(key).get<std::int64_t>());
}

std::string stall_cell(const Json* layer) {
  return layer == nullptr || layer->at("largest_stall").is_null()
             ? "-"
             : layer->at("largest_stall").get<std::string>();
}

std::string layers_text(const Json& before, const Json& after, const TextOptions& options) {
  Table table({{"layer", Align::Left},
               {"cycles before"},
               {"after"},
               {"of the run"},
               {"energy"},
               {"bound", Align::Left},
               {"largest stall", Align::Left}});
  const std::vector<LayerPair> pairs = layer_pairs(before, after);
  std::size_t equal = 0;
  std::size_t shown = 0;
  const std::size_t most = options.layers.value_or(kShownLayers);
  for (const LayerPair& pair : pairs) {
    const bool both = pair.before != nullptr && pair.after != nullptr;
    if (both && *pair.before == *pair.after) {
      ++equal;
      continue;
    }
    if (++shown > most) {
      continue;
    }
    const auto words = [&](const std::string& a, const std::string& b) {
      return a == b ? a : fmt::format("{} -> {}", a, b);
    };
    const auto bound = [](const Json* layer) {
      return layer == nullptr ? std::string("-") : layer->at("bound").get<std::string>();
    };
    const double joules = pair.change("joules");
    table.add({on_one_line(pair.name), cycles_cell(pair.before, "cycles"),
               cycles_cell(pair.after, "cycles"),
               fmt::format("{:+}", static_cast<std::int64_t>(pair.change("exposed_cycles"))),
               joules == 0 ? "=" : (joules > 0 ? "+" : "") + engineering(joules, "J"),
               words(bound(pair.before), bound(pair.after)),
               words(stall_cell(pair.before), stall_cell(pair.after))});
  }
  if (shown == 0) {
    return fmt::format("layers: all {} are equal\n", pairs.size());
  }
  std::string text = table.print(options.width, options.colour) +
                     "\nof the run: cycles by which the layer changed the elapsed ones.\n";
  if (shown > most) {
    text += fmt::format("{} more that changed less; --layers all shows every one.\n", shown - most);
  }
  return equal == 0 ? text : text + fmt::format("{} layers are equal.\n", equal);
}

Json pair_json(std::optional<double> before, std::optional<double> after) {
  return {{"before", before ? Json(*before) : Json()}, {"after", after ? Json(*after) : Json()}};
}

/// Everything of the report that is a number under `key`, by its place.
void add_numbers(Json& into, const Json& before, const Json& after, const std::string& place) {
  const Json::json_pointer pointer(place);
  const Json& from = before.contains(pointer) && !before.at(pointer).is_null() ? before : after;
  if (!from.contains(pointer)) {
    return;
  }
  const Json& value = from.at(pointer);
  if (value.is_object()) {
    for (const auto& [key, inner] : value.items()) {
      add_numbers(into[key], before, after, place + '/' + key);
    }
  } else if (value.is_number()) {
    into = pair_json(number_at(before, place), number_at(after, place));
  }
}

/// Throws UserError where a report is not what it says it is.
template <class Work>
auto guarded(Work work) {
  try {
    return work();
  } catch (const nlohmann::json::exception& error) {
    throw UserError(std::string("systole: a report lacks a figure: ") + error.what());
  }
}

std::string json_of_page(const std::string& text) {
  constexpr std::string_view kBegin = R"(<script type="application/json" id="data">)";
  const std::size_t begin = text.find(kBegin);
  if (begin == std::string::npos) {
    return "";
  }
  const std::size_t end = text.find("</script>", begin);
  return text.substr(begin + kBegin.size(), end - begin - kBegin.size());
}

}  // namespace

Json report_in(const std::string& text, const std::string& file) {
  const auto wrong = [&](std::string_view got) {
    return UserError(fmt::format("{}: expected a run's report (JSON or HTML), got {}",
                                 printable_path(file), got));
  };
  const bool is_page = text.starts_with("<!doctype html>");
  const std::string json = is_page ? json_of_page(text) : text;
  Json report = Json::parse(json, nullptr, false);
  if (report.is_discarded()) {
    throw wrong(is_page ? "a page without data" : "no JSON");
  }
  if (is_page && report.contains("run")) {
    report = Json(report["run"]);
  }
  if (!report.is_object() || !report.contains("schema") || report["schema"] != kSchema) {
    throw wrong(report.is_object() && report.contains("schema") && report["schema"].is_string()
                    ? in_quotes(report["schema"].get<std::string>())
                    : "something else");
  }
  return report;
}

std::string diff_text(const Json& before, const Json& after, const TextOptions& options) {
  return guarded([&] {
    return sources_text(before, after, options) + figures_text(before, after, options) +
           shares_text(before, after, options) + layers_text(before, after, options);
  });
}

Json diff_json(const Json& before, const Json& after) {
  return guarded([&] {
    Json json = {{"schema", "systole.diff/1"}};
    for (const std::string key : {"total", "energy", "area", "cost", "dram"}) {
      Json numbers;
      add_numbers(numbers, before, after, '/' + key);
      json[key] = std::move(numbers);
    }
    Json shares = Json::object();
    for (const std::string& name : share_names(before, after)) {
      shares[name] = pair_json(cycles_of_share(before, name), cycles_of_share(after, name));
    }
    json["matrix_cycles"] = std::move(shares);
    Json layers = Json::array();
    for (const LayerPair& pair : layer_pairs(before, after)) {
      layers.push_back({{"name", pair.name},
                        {"before", pair.before == nullptr ? Json() : *pair.before},
                        {"after", pair.after == nullptr ? Json() : *pair.after}});
    }
    json["layers"] = std::move(layers);
    return json;
  });
}

}  // namespace systole
