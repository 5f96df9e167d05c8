#include "report/silicon_json.h"

#include <nlohmann/json.hpp>

#include "arch/obtained.h"

namespace systole {

namespace {

using Json = nlohmann::ordered_json;

Json optional_number(const std::optional<double>& value) {
  return value ? Json(*value) : Json();
}

Json components_json(const EnergyBreakdown& energy) {
  Json json = Json::object();
  for (const auto& [component, name] : kEnumNames<Component>) {
    json[std::string(name)] = energy.of(component).count();
  }
  return json;
}

Json way_json(const Way& way) {
  const double per_inference = way.per_inference ? way.per_inference->count() : 0.0;
  constexpr double kMillion = 1e6;
  return {{"usd_per_hour", way.hourly.total().count()},
          {"device_usd_per_hour", way.hourly.device.count()},
          {"site_usd_per_hour", way.hourly.site.count()},
          {"electricity_usd_per_hour", way.hourly.electricity.count()},
          {"rent_usd_per_hour", way.hourly.rent.count()},
          {"usd_per_inference", way.per_inference ? Json(per_inference) : Json()},
          {"usd_per_million", way.per_inference ? Json(per_inference * kMillion) : Json()}};
}

Json sensitivity_json(const std::vector<Swing>& swings) {
  Json json = Json::array();
  for (const Swing& swing : swings) {
    json.push_back({{"input", swing.name},
                    {"usd_per_inference_at_low", swing.at_low},
                    {"usd_per_inference_at_high", swing.at_high}});
  }
  return json;
}

}  // namespace

Json energy_json(const Result& result) {
  if (!result.energy) {
    return nullptr;
  }
  const EnergyReport& energy = *result.energy;
  return {{"obtained", name_of(Obtained::Simulated)},
          {"technology", result.chip.silicon->technology.name},
          {"joules", energy.total.total().count()},
          {"joules_per_inference", energy.per_inference.count()},
          {"joules_other_scaling", energy.total_other_scaling.count()},
          {"average_watts", energy.average_power.count()},
          {"peak_watts", energy.peak_power.count()},
          {"idle_watts", energy.idle_power.count()},
          {"tdp_watts", energy.tdp.count()},
          {"tops_per_watt", energy.tops_per_watt},
          {"energy_delay_product", energy.energy_delay_product},
          {"components", components_json(energy.total)}};
}

Json area_json(const Result& result) {
  if (!result.area) {
    return nullptr;
  }
  Json parts = Json::object();
  for (const auto& [part, name] : kEnumNames<Component>) {
    if (result.area->part(part).total() > SquareMillimetres(0)) {
      parts[std::string(name)] = result.area->part(part).total().count();
    }
  }
  return {{"obtained", name_of(Obtained::Modelled)},
          {"die_mm2", result.area->die.count()},
          {"reticle_share", result.area->die / kReticle},
          {"unplaced_mm2", result.area->unplaced.count()},
          {"parts_mm2", parts}};
}

Json cost_json(const Result& result) {
  if (!result.cost) {
    return nullptr;
  }
  const CostReport& cost = *result.cost;
  return {{"obtained", name_of(Obtained::Modelled)},
          {"prices", result.chip.cost->prices.name},
          {"prices_date", result.chip.cost->prices.date},
          {"die",
           {{"mm2", cost.die_area.count()},
            {"per_wafer", cost.die.dies_per_wafer},
            {"yield", cost.die.yield},
            {"good_die_usd", cost.die.good_die.count()}}},
          {"unit_usd",
           {{"die", cost.unit.die.count()},
            {"test", cost.unit.test.count()},
            {"interposer", cost.unit.interposer.count()},
            {"package", cost.unit.package.count()},
            {"scrap", cost.unit.scrap.count()},
            {"memory", cost.unit.memory.count()},
            {"board", cost.unit.board.count()},
            {"total", cost.unit.total().count()}}},
          {"price_usd", cost.price.count()},
          {"nre_top_down_usd", cost.nre_top_down.count()},
          {"nre_bottom_up_usd", cost.nre_bottom_up.total().count()},
          {"volume", cost.volume},
          {"utilisation", cost.utilisation},
          {"own", way_json(cost.own)},
          {"rent", cost.rent ? way_json(*cost.rent) : Json()},
          {"build", way_json(cost.build)},
          {"break_even_volume", optional_number(cost.break_even_volume)},
          {"break_even_volume_bottom_up", optional_number(cost.break_even_volume_bottom_up)},
          {"break_even_volume_rent", optional_number(cost.break_even_volume_rent)},
          {"break_even_hours_rent", optional_number(cost.break_even_hours_rent)},
          {"sensitivity", sensitivity_json(cost.sensitivity)}};
}

}  // namespace systole
