#include "study/compare_chip.h"

#include <nlohmann/json.hpp>

#include "arch/diag/check.h"
#include "silicon/fpga/fpga_power.h"
#include "study/run_figures.h"

namespace systole {

namespace {

using Json = nlohmann::ordered_json;

template <class Q>
Json optional_json(const std::optional<Q>& value) {
  return value ? Json(value->count()) : Json();
}

template <class Q>
std::optional<Q> optional_from(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional(Q(json.get<double>()));
}

template <class E>
Json enum_json(E value) {
  return std::string(name_of(value));
}

template <class E>
E enum_from(const Json& json) {
  const std::optional<E> value = value_named<E>(json.get<std::string>());
  SYSTOLE_CHECK(value, "no {}", json.get<std::string>());
  return *value;
}

void add_power(const Result& result, ComparedDevice& row) {
  if (result.cost) {
    const CostSpec& cost = *result.chip.cost;
    row.price = result.cost->price;
    row.rent = cost.rent;
    row.host = HostShare{.power = cost.host_power, .price = cost.server_share};
    row.notes.emplace_back(kModelledPrice);
  }
  if (result.energy) {
    row.power = result.energy->average_power;
    row.power_obtained = Obtained::Simulated;
    row.idle = result.energy->idle_power;
    row.tdp = result.energy->tdp;
    return;
  }
  if (!result.chip.fpga) {
    row.notes.emplace_back("no power: the chip's file names no technology");
    return;
  }
  row.kind = ComparedKind::Fpga;
  row.power = Watts(fpga_power(result.chip, result.counters).total());
  row.idle = result.chip.fpga->energy.static_power;
  row.tdp = result.chip.fpga->tdp;
  row.price = result.chip.fpga->price;
}

}  // namespace

ComparedDevice compared_run(const Result& result) {
  const ChipSpec& chip = result.chip;
  const Graph& graph = result.graph;
  ComparedDevice row{.batch = graph.batch, .time_obtained = Obtained::Simulated};
  row.type = graph.input_type();
  row.time = chip.clock().time_of(result.counters.elapsed);
  row.macs = result.counters.actions.macs;
  row.utilisation = utilisation(chip, result.counters.actions, result.counters.elapsed);
  add_power(result, row);
  return row;
}

std::string print_chip_row(const ComparedDevice& row) {
  return Json{{"kind", enum_json(row.kind)},
              {"type", enum_json(row.type)},
              {"batch", row.batch},
              {"time", row.time.count()},
              {"macs", row.macs},
              {"utilisation", row.utilisation},
              {"power", optional_json(row.power)},
              {"power_obtained", enum_json(row.power_obtained)},
              {"idle", optional_json(row.idle)},
              {"tdp", optional_json(row.tdp)},
              {"price", optional_json(row.price)},
              {"rent", optional_json(row.rent)},
              {"host_power", row.host ? Json(row.host->power.count()) : Json()},
              {"host_price", row.host ? Json(row.host->price.count()) : Json()},
              {"notes", row.notes}}
      .dump();
}

ComparedDevice parse_chip_row(const std::string& text) {
  const Json json = Json::parse(text);
  ComparedDevice row;
  row.kind = enum_from<ComparedKind>(json.at("kind"));
  row.type = enum_from<DataType>(json.at("type"));
  row.batch = json.at("batch").get<std::int64_t>();
  row.time_obtained = Obtained::Simulated;
  row.time = Femtoseconds(json.at("time").get<std::int64_t>());
  row.macs = json.at("macs").get<std::int64_t>();
  row.utilisation = json.at("utilisation").get<double>();
  row.power = optional_from<Watts>(json.at("power"));
  row.power_obtained = enum_from<Obtained>(json.at("power_obtained"));
  row.idle = optional_from<Watts>(json.at("idle"));
  row.tdp = optional_from<Watts>(json.at("tdp"));
  row.price = optional_from<Usd>(json.at("price"));
  row.rent = optional_from<UsdPerHour>(json.at("rent"));
  if (const auto power = optional_from<Watts>(json.at("host_power"))) {
    row.host = HostShare{.power = *power, .price = Usd(json.at("host_price").get<double>())};
  }
  row.notes = json.at("notes").get<std::vector<std::string>>();
  return row;
}

}  // namespace systole
