#include "report/page/run_page.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "report/course.h"
#include "report/json.h"
#include "report/page/page.h"
#include "report/page/page_assets.h"
#include "report/silicon.h"
#include "study/result_rows.h"

namespace systole {

namespace {

using Json = nlohmann::ordered_json;

Json layer_energy_json(const std::optional<EnergyReport>& energy) {
  if (!energy) {
    return nullptr;
  }
  Json components = Json::array();
  for (const auto& [component, name] : kEnumNames<Component>) {
    components.push_back(name);
  }
  Json layers = Json::array();
  for (const EnergyBreakdown& layer : energy->layers) {
    Json parts = Json::array();
    for (const Joules part : layer.parts) {
      parts.push_back(part.count());
    }
    layers.push_back(std::move(parts));
  }
  return {{"components", std::move(components)}, {"joules", std::move(layers)}};
}

/// Sources are long and shared: rows have their index.
Json facts_json(const ChipSpec& chip) {
  std::vector<std::string> sources;
  Json rows = Json::array();
  for (const Fact& fact : all_facts(chip)) {
    Json source;
    if (!fact.source.empty()) {
      const auto found = std::find(sources.begin(), sources.end(), fact.source);
      source = found - sources.begin();
      if (found == sources.end()) {
        sources.push_back(fact.source);
      }
    }
    rows.push_back({fact.path, fact.value, name_of(fact.status), std::move(source)});
  }
  return {{"sources", sources}, {"rows", std::move(rows)}};
}

template <class Struct>
Json meanings_of() {
  Json json = Json::object();
  for_each_figure<Struct>([&](const auto& row) {
    if (row.shown) {
      json[std::string(row.key)] = {row.unit, row.meaning};
    }
  });
  return json;
}

Json cause_meanings() {
  Json json = Json::object();
  for (const auto& [cause, name] : kEnumNames<Cause>) {
    json[std::string(name)] = meaning_of(cause);
  }
  return json;
}

}  // namespace

std::string run_page(const Result& result, const RunExtras& extras, const RunRecord* record,
                     const std::string& command) {
  const Json data = {{"run", run_json(result, extras)},
                     {"course", record == nullptr ? Json() : course_json(result.chip, *record)},
                     {"layer_energy", layer_energy_json(result.energy)},
                     {"facts", facts_json(result.chip)},
                     {"meanings",
                      {{"total", meanings_of<RunFigures>()},
                       {"layer", meanings_of<LayerReport>()},
                       {"energy", meanings_of<EnergyReport>()},
                       {"causes", cause_meanings()}}},
                     {"command", command}};
  return page(fmt::format("{} on {}", result.graph.name, result.chip.name), data, kRunScript);
}

}  // namespace systole
