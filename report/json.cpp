#include "report/json.h"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "arch/diag/check.h"
#include "report/own_numbers.h"
#include "report/quality.h"
#include "report/silicon_json.h"
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

Json stalls(const EngineCounters& engine) {
  Json json = causes(engine);
  json.erase("busy");
  return json;
}

Json roofline_json(const Roofline& roofline) {
  return {{"compute_cycles", roofline.compute.count()},
          {"memory_cycles", roofline.memory.count()},
          {"cycles", roofline.cycles().count()},
          {"bound", name_of(roofline.bound())}};
}

Json total_json(const Result& result) {
  const RunFigures figures = run_figures(result);
  Json roofline = roofline_json(figures.roofline);
  roofline["compulsory_dram_bytes"] = compulsory_bytes(result.graph, result.chip.io).count();
  roofline["fraction"] = figures.roofline_fraction;
  return {{"cycles", result.counters.elapsed.count()},
          {"seconds", figures.seconds},
          {"inferences_per_second", figures.inferences_per_second},
          {"macs", figures.macs},
          {"utilisation", figures.utilisation},
          {"tops", figures.tops},
          {"peak_tops", figures.peak_tops},
          {"roofline", roofline}};
}

Json layer_json(const Result& result, std::size_t index) {
  const Node& node = result.graph.nodes[index];
  const Shape shape = result.graph.tensor(node.output()).shape();
  const LayerCounters& counters = result.counters.layers[index];
  const LayerFigures figures = layer_figures(result, index);
  const auto main = static_cast<std::size_t>(figures.main_engine);
  Json busy = Json::object();
  for (const auto& [engine, name] : kEnumNames<Engine>) {
    busy[std::string(name)] =
        counters.engines[static_cast<std::size_t>(engine)][Cause::Busy].count();
  }
  return {{"name", node.name},
          {"kind", node.kind},
          {"output_shape", {shape.batch, shape.rows, shape.cols, shape.channels}},
          {"view", figures.view},
          {"macs", counters.macs},
          {"cycles", counters.active.count()},
          {"exposed_cycles", counters.exposed.count()},
          {"first_start", counters.first_start.count()},
          {"last_end", counters.last_end.count()},
          {"seconds", figures.seconds},
          {"utilisation", figures.utilisation},
          {"bound", name_of(figures.bound)},
          {"roofline", roofline_json(figures.roofline)},
          {"main_engine", figures.view ? Json() : Json(name_of(figures.main_engine))},
          {"busy", busy},
          {"stalls", stalls(counters.engines[main])},
          {"dram",
           {{"read_bytes", counters.dram_read_bytes}, {"write_bytes", counters.dram_write_bytes}}},
          {"host", {{"bytes", counters.host_bytes}}},
          {"joules", result.energy ? Json(result.energy->layers[index].total().count()) : Json()}};
}

Json matrix_json(const Counters& counters) {
  Json json = Json::array();
  for (const MatrixShare& share : matrix_shares(counters)) {
    json.push_back({{"name", share.name},
                    {"cycles", share.cycles.count()},
                    {"percent", static_cast<double>(share.tenths_of_percent) / 10.0}});
  }
  return json;
}

Json dram_json(const Result& result) {
  const RunFigures figures = run_figures(result);
  const DramCounters& dram = result.counters.dram;
  return {{"activates", dram.activates},
          {"precharges", dram.precharges},
          {"reads", dram.reads},
          {"writes", dram.writes},
          {"refreshes", dram.refreshes},
          {"bank_refreshes", dram.bank_refreshes},
          {"forwarded_reads", dram.forwarded},
          {"merged_writes", dram.merged},
          {"row_hits", dram.row_hits},
          {"row_misses", dram.row_misses},
          {"row_conflicts", dram.row_conflicts},
          {"read_bytes", dram.read_bytes},
          {"write_bytes", dram.write_bytes},
          {"data_bus_busy_cycles", dram.data_bus_busy.count()},
          {"active_power_down_cycles", dram.active_power_down.count()},
          {"precharged_power_down_cycles", dram.precharged_power_down.count()},
          {"bytes_per_second", figures.dram_bandwidth},
          {"peak_bytes_per_second", figures.dram_peak_bandwidth},
          {"utilisation", figures.dram_utilisation},
          {"row_hit_rate", figures.row_hit_rate}};
}

Json actions_json(const ActionCounters& actions) {
  Json macs_of_kind = Json::object();
  for (const auto& [kind, name] : kEnumNames<MacKind>) {
    macs_of_kind[std::string(name)] = actions.macs_of_kind[static_cast<std::size_t>(kind)];
  }
  return {{"macs", actions.macs},
          {"macs_of_kind", macs_of_kind},
          {"mac_slots", actions.mac_slots},
          {"folds", actions.folds},
          {"weight_tiles", actions.weight_tiles},
          {"weight_bytes", actions.weight_bytes},
          {"buffer_reads", actions.buffer_reads},
          {"buffer_writes", actions.buffer_writes},
          {"accumulator_reads", actions.accumulator_reads},
          {"accumulator_writes", actions.accumulator_writes},
          {"vector_elements", actions.vector_elements},
          {"host_in_bytes", actions.host_in_bytes},
          {"host_out_bytes", actions.host_out_bytes}};
}

/// Whole numbers as such; what JSON has no number for as text.
Json number_of(double value) {
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
                     {"expected", number_of(mismatch.expected)},
                     {"actual", mismatch.missing ? Json() : number_of(mismatch.actual)}});
  }
  return {{"passed", check->passed()},   {"tensors", check->tensors},
          {"elements", check->elements}, {"mismatches", check->mismatches},
          {"first_mismatches", first},   {"quality", quality_json(*check)}};
}

}  // namespace

std::string json_report(const Result& result, const RunExtras& extras) {
  SYSTOLE_CHECK(result.counters.layers.size() == result.graph.nodes.size(),
                "{} layers counted, {} in the network", result.counters.layers.size(),
                result.graph.nodes.size());
  Json layers = Json::array();
  for (std::size_t index = 0; index < result.graph.nodes.size(); ++index) {
    layers.push_back(layer_json(result, index));
  }
  Json engines = Json::object();
  Json instructions = Json::object();
  for (const auto& [engine, name] : kEnumNames<Engine>) {
    engines[std::string(name)] = causes(result.counters.engine(engine));
    instructions[std::string(name)] = result.counters.engine(engine).instructions;
  }
  Json json = {{"schema", "systole.run/1"},
               {"chip", result.chip.name},
               {"network", result.graph.name},
               {"batch", result.graph.batch},
               {"io", name_of(result.chip.io)},
               {"frequency_hz", result.chip.frequency.count()},
               {"total", total_json(result)},
               {"layers", layers},
               {"engines", engines},
               {"instructions", instructions},
               {"matrix_cycles", matrix_json(result.counters)},
               {"dram", dram_json(result)},
               {"actions", actions_json(result.counters.actions)},
               {"energy", energy_json(result)},
               {"area", area_json(result)},
               {"cost", cost_json(result)},
               {"check", check_json(result.check)},
               {"comparison", result.comparison ? comparison_json(*result.comparison) : Json()}};
  add_extras(json, result, extras);
  if (result.graph.input_type() != DataType::Int8) {  // which goes without saying
    json["type"] = name_of(result.graph.input_type());
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace systole
