#include "study/saved.h"

#include <utility>

#include <fmt/format.h>

#include "arch/chip_rows.h"
#include "study/figure_json.h"
#include "study/result_rows.h"

namespace systole {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kChipSchema = "systole.chip/1";
constexpr std::string_view kCountersSchema = "systole.counters/1";
constexpr std::string_view kResultSchema = "systole.result/1";

template <class Value>
Json in_file(const Value& value) {
  return figure_json<RowsOf::File>(value);
}

std::string text_of(std::string_view schema, Json value) {
  const Json json{{"schema", schema}, {"value", std::move(value)}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + '\n';
}

/// `read` fills a value from what `text` holds under the schema.
template <class Read>
void read_text(std::string_view schema, std::string_view text, const Read& read) {
  try {
    const Json json = Json::parse(text);
    const auto found = json.at("schema").get<std::string>();
    if (found != schema) {
      throw UserError(fmt::format("systole: expected a saved {}, got a {}", schema, found));
    }
    read(json.at("value"));
  } catch (const Json::exception& error) {
    throw UserError(
        fmt::format("systole: expected a saved {}, got something else: {}", schema, error.what()));
  }
}

}  // namespace

std::string save(const ChipSpec& chip) {
  return text_of(kChipSchema, in_file(chip));
}

ChipSpec saved_chip(std::string_view text) {
  ChipSpec chip;
  read_text(kChipSchema, text, [&](const Json& json) { read_figure(json, chip); });
  return chip;
}

std::string save(const Counters& counters) {
  return text_of(kCountersSchema, in_file(counters));
}

Counters saved_counters(std::string_view text) {
  Counters counters;
  read_text(kCountersSchema, text, [&](const Json& json) { read_figure(json, counters); });
  return counters;
}

std::string save(const Result& result) {
  return text_of(kResultSchema, {{"chip", in_file(result.chip)},
                                 {"counters", in_file(result.counters)},
                                 {"check", in_file(result.check)},
                                 {"comparison", in_file(result.comparison)},
                                 {"area", in_file(result.area)},
                                 {"energy", in_file(result.energy)},
                                 {"cost", in_file(result.cost)},
                                 {"made_by", in_file(result.made_by)},
                                 {"generation", in_file(result.generation)}});
}

Result saved_result(std::string_view text, Graph graph) {
  Result result{.chip = {}, .graph = std::move(graph), .counters = {}, .check = {}};
  read_text(kResultSchema, text, [&](const Json& json) {
    read_figure(json.at("chip"), result.chip);
    read_figure(json.at("counters"), result.counters);
    read_figure(json.at("check"), result.check);
    read_figure(json.at("comparison"), result.comparison);
    read_figure(json.at("area"), result.area);
    read_figure(json.at("energy"), result.energy);
    read_figure(json.at("cost"), result.cost);
    read_figure(json.at("made_by"), result.made_by);
    read_figure(json.at("generation"), result.generation);
  });
  return result;
}

}  // namespace systole
