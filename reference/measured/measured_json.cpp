#include "reference/measured/measured_json.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "arch/config/config_node.h"
#include "arch/diag/check.h"

namespace systole {

namespace {

using Json = nlohmann::ordered_json;

// --- writing ---

/// One line. A device's name may hold anything: what is no UTF-8 becomes U+FFFD.
std::string on_one_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json real(double value) {
  SYSTOLE_CHECK(std::isfinite(value), "a measured figure is {}", value);
  return value;
}

Json time_json(const TimeSpread& time) {
  return {{"median", real(time.median)},
          {"lower_quartile", real(time.lower_quartile)},
          {"upper_quartile", real(time.upper_quartile)}};
}

void put_text(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) {
    json[key] = text;
  }
}

void put_clock(Json& json, const char* key, const std::optional<std::int64_t>& clock) {
  if (clock) {
    json[key] = *clock;
  }
}

/// Everything but the layers.
Json head_json(const MeasuredRun& run) {
  Json json = {
      {"kind", name_of(run.kind)}, {"device", run.device},     {"network", run.network},
      {"type", name_of(run.type)}, {"batch", run.batch},       {"obtained", name_of(run.obtained)},
      {"date", run.date},          {"software", run.software}, {"isa", run.isa},
      {"threads", run.threads}};
  put_clock(json, "clock_hertz", run.clock);
  put_clock(json, "memory_clock_hertz", run.memory_clock);
  json["warm_up"] = run.warm_up;
  json["repetitions"] = run.repetitions;
  json["seconds"] = time_json(run.total);
  if (run.energy) {
    json["energy"] = {{"joules", real(run.energy->joules)},
                      {"watts", real(run.energy->watts)},
                      {"obtained", name_of(run.energy->obtained)},
                      {"method", run.energy->method}};
  }
  if (run.numerics) {
    json["numerics"] = {{"elements", run.numerics->elements},
                        {"different", run.numerics->different},
                        {"outside", run.numerics->outside},
                        {"largest_error", real(run.numerics->largest_error)},
                        {"bound", run.numerics->bound}};
    put_text(json["numerics"], "first_outside", run.numerics->first_outside);
  }
  put_text(json, "note", run.note);
  return json;
}

Json layer_json(const MeasuredLayer& layer) {
  Json json = {{"name", layer.name}, {"kind", layer.kind}};
  put_text(json, "kernel", layer.kernel);
  json["macs"] = layer.macs;
  json["seconds"] = time_json(layer.time);
  return json;
}

std::string run_text(const MeasuredRun& run) {
  std::string text = "  {\n";
  const Json head = head_json(run);
  for (const auto& [key, value] : head.items()) {
    text += fmt::format("   {}: {},\n", on_one_line(key), on_one_line(value));
  }
  text += "   \"layers\": [";
  std::string_view separator = "\n";
  for (const MeasuredLayer& layer : run.layers) {
    text += fmt::format("{}    {}", separator, on_one_line(layer_json(layer)));
    separator = ",\n";
  }
  return text + "]}";
}

// --- reading ---

TimeSpread read_time(const ConfigNode& node) {
  const RealRange positive{.min = 0};
  TimeSpread time;
  time.lower_quartile = node.real("lower_quartile", positive);
  time.median = node.real("median", {.min = time.lower_quartile});
  time.upper_quartile = node.real("upper_quartile", {.min = time.median});
  node.finish();
  return time;
}

MeasuredLayer read_layer(const ConfigNode& node) {
  MeasuredLayer layer{.name = node.text("name"),
                      .kind = node.text("kind"),
                      .kernel = node.optional_text("kernel").value_or(""),
                      .macs = node.integer("macs", {.min = 0}),
                      .time = read_time(node.map("seconds"))};
  node.finish();
  return layer;
}

/// What was measured when the file was written is recorded for who reads it.
Obtained later(Obtained then) {
  return then == Obtained::Measured ? Obtained::Recorded : then;
}

MeasuredEnergy read_energy(const ConfigNode& node) {
  MeasuredEnergy energy{.joules = node.real("joules", {.min = 0}),
                        .watts = node.real("watts", {.min = 0}),
                        .obtained = later(node.choice<Obtained>("obtained")),
                        .method = node.text("method")};
  if (energy.obtained == Obtained::Simulated) {
    node.fail("obtained", "expected measured, recorded or modelled, got 'simulated'");
  }
  node.finish();
  return energy;
}

MeasuredNumerics read_numerics(const ConfigNode& node) {
  MeasuredNumerics numerics;
  numerics.elements = node.integer("elements", {.min = 0});
  numerics.different = node.integer("different", {.min = 0, .max = numerics.elements});
  numerics.outside = node.integer("outside", {.min = 0, .max = numerics.elements});
  numerics.largest_error = node.real("largest_error", {.min = 0});
  numerics.bound = node.text("bound");
  numerics.first_outside = node.optional_text("first_outside").value_or("");
  node.finish();
  return numerics;
}

DataType read_type(const ConfigNode& node) {
  const auto type = node.choice<DataType>("type");
  switch (type) {
    case DataType::Int8:
    case DataType::Fp16:
    case DataType::Bf16:
    case DataType::Fp32:
      return type;
    default:
      node.fail("type",
                fmt::format("expected one of int8, fp16, bf16, fp32, got '{}'", name_of(type)));
  }
}

MeasuredRun read_run(const ConfigNode& node) {
  MeasuredRun run;
  run.kind = node.choice<DeviceKind>("kind");
  run.device = node.text("device");
  run.network = node.text("network");
  run.type = read_type(node);
  run.batch = node.integer("batch", {.min = 1});
  run.obtained = later(node.choice<Obtained>("obtained"));
  if (run.obtained != Obtained::Recorded) {
    node.fail("obtained",
              fmt::format("expected measured or recorded, got '{}'", name_of(run.obtained)));
  }
  run.date = node.text("date");
  run.software = node.text("software");
  run.isa = node.text("isa");
  run.threads = node.integer("threads", {.min = 1});
  run.clock = node.optional_integer("clock_hertz", {.min = 1});
  run.memory_clock = node.optional_integer("memory_clock_hertz", {.min = 1});
  run.warm_up = node.integer("warm_up", {.min = 0});
  run.repetitions = node.integer("repetitions", {.min = 1});
  run.total = read_time(node.map("seconds"));
  if (run.total.median <= 0) {
    node.fail("seconds", "expected a median above 0, got 0");
  }
  if (const auto energy = node.optional_map("energy")) {
    run.energy = read_energy(*energy);
  }
  if (const auto numerics = node.optional_map("numerics")) {
    run.numerics = read_numerics(*numerics);
  }
  run.note = node.optional_text("note").value_or("");
  for (const ConfigNode& layer : node.list("layers")) {
    run.layers.push_back(read_layer(layer));
  }
  node.finish();
  return run;
}

Recording read_document(const ConfigNode& root, const std::string& file) {
  Recording recording{.file = file, .runs = {}};
  for (const ConfigNode& run : root.list("runs")) {
    recording.runs.push_back(read_run(run));
  }
  root.finish();
  if (recording.runs.empty()) {
    root.fail("runs", "expected at least one run, got none");
  }
  return recording;
}

}  // namespace

std::string measured_json(std::span<const MeasuredRun> runs) {
  std::string text = "{\"runs\": [";
  std::string_view separator = "\n";
  for (const MeasuredRun& run : runs) {
    text += separator;
    text += run_text(run);
    separator = ",\n";
  }
  return text + "]}\n";
}

Recording read_recording(const std::string& file) {
  return read_document(ConfigNode::open(file), file);
}

void record(Recording& recording, const MeasuredRun& run) {
  MeasuredRun kept = run;
  kept.obtained = later(kept.obtained);
  if (kept.energy) {
    kept.energy->obtained = later(kept.energy->obtained);
  }
  const auto same = [&](const MeasuredRun& other) {
    return other.kind == run.kind && other.device == run.device && other.threads == run.threads &&
           other.network == run.network && other.type == run.type && other.batch == run.batch;
  };
  const auto before = std::find_if(recording.runs.begin(), recording.runs.end(), same);
  if (before == recording.runs.end()) {
    recording.runs.push_back(std::move(kept));
  } else {
    *before = std::move(kept);
  }
}

Recording parse_recording(const std::string& text, const std::string& file) {
  return read_document(ConfigNode::parse(text, file), file);
}

}  // namespace systole
