#include "report/json.h"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "arch/diag/check.h"
#include "report/own_numbers.h"
#include "report/quality.h"
#include "report/silicon_json.h"
#include "report/storage_text.h"
#include "study/advice.h"
#include "study/figure_json.h"
#include "study/result_rows.h"
#include "study/run_figures.h"

namespace systole {

namespace {

using Json = nlohmann::ordered_json;

/// Every cause, zeros too, so that the keys never change; they add up to the engine's cycles.
Json causes(const EngineCounters& engine) {
  Json json = Json::object();
  for (const auto& [cause, name] : kEnumNames<Cause>) {
    json[std::string(name)] = engine[cause].count();
  }
  return json;
}

/// Whole numbers as such; what JSON has no number for as text.
Json json_number(double value) {
  if (!std::isfinite(value)) {
    return fmt::format("{}", value);
  }
  const bool whole = std::trunc(value) == value && std::fabs(value) <= 0x1p53;
  return whole && !(value == 0 && std::signbit(value)) ? Json(static_cast<std::int64_t>(value))
                                                       : Json(value);
}

Json check_json(const std::optional<CheckResult>& check) {
  if (!check) {
    return nullptr;
  }
  Json first = Json::array();
  for (const Mismatch& mismatch : check->first) {
    first.push_back({{"tensor", mismatch.tensor},
                     {"batch", mismatch.batch},
                     {"row", mismatch.row},
                     {"col", mismatch.col},
                     {"channel", mismatch.channel},
                     {"expected", json_number(mismatch.expected)},
                     {"actual", mismatch.missing ? Json() : json_number(mismatch.actual)}});
  }
  Json json = figure_json(*check);
  json["first_mismatches"] = first;
  json["quality"] = quality_json(*check);
  return json;
}

}  // namespace

Json run_json(const Result& result, const RunExtras& extras) {
  SYSTOLE_CHECK(result.counters.layers.size() == result.graph.nodes.size(),
                "{} layers counted, {} in the network", result.counters.layers.size(),
                result.graph.nodes.size());
  Json layers = Json::array();
  for (std::size_t index = 0; index < result.graph.nodes.size(); ++index) {
    layers.push_back(figure_json(layer_report(result, index)));
  }
  Json engines = Json::object();
  Json instructions = Json::object();
  for (const EngineId engine : result.counters.engines.engines()) {
    engines[name_of(engine)] = causes(result.counters.engine(engine));
    instructions[name_of(engine)] = result.counters.engine(engine).instructions;
  }
  Json dram = figure_json(result.counters.dram);
  dram.update(figure_json(dram_rates(result)));
  const std::string storage = storage_text(result.graph);
  const std::string states = state_storage_text(result.graph);
  Json json = {{"schema", "systole.run/1"},
               {"chip", result.chip.name},
               {"network", result.graph.name},
               {"batch", result.graph.batch},
               {"type", name_of(result.graph.input_type())},
               {"weight_storage", storage.empty() ? Json() : Json(storage)},
               {"state_storage", states.empty() ? Json() : Json(states)},
               {"io", name_of(result.chip.io)},
               {"frequency_hz", result.chip.frequency.count()},
               {"total", figure_json(run_figures(result))},
               {"llm", figure_json(language_figures(result))},
               {"layers", layers},
               {"engines", engines},
               {"instructions", instructions},
               {"matrix_cycles", figure_json(matrix_shares(result.chip, result.counters))},
               {"advice", figure_json(advice_of(result))},
               {"dram", dram},
               {"actions", figure_json(result.counters.actions)},
               {"energy", energy_json(result)},
               {"area", area_json(result)},
               {"cost", cost_json(result)},
               {"check", check_json(result.check)},
               {"comparison", result.comparison ? comparison_json(*result.comparison) : Json()},
               {"warnings", chip_warnings(result.chip)},
               {"made_by", figure_json(result.made_by)}};
  if (const auto figures = training_figures(result)) {
    json["training"] = figure_json(*figures);
  }
  add_extras(json, result, extras);
  return json;
}

std::string json_report(const Result& result, const RunExtras& extras) {
  return run_json(result, extras).dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace systole
