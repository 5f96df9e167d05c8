#include "report/silicon_json.h"

#include <nlohmann/json.hpp>

#include "arch/obtained.h"
#include "study/figure_json.h"
#include "study/result_rows.h"

namespace systole {

using Json = nlohmann::ordered_json;

Json energy_json(const Result& result) {
  if (!result.energy) {
    return nullptr;
  }
  Json json = {{"obtained", name_of(Obtained::Simulated)},
               {"technology", result.chip.silicon->technology.name}};
  json.update(figure_json(*result.energy));
  return json;
}

Json area_json(const Result& result) {
  return figure_json(result.area);
}

Json cost_json(const Result& result) {
  if (!result.cost) {
    return nullptr;
  }
  Json json = {{"obtained", name_of(Obtained::Modelled)},
               {"prices", result.chip.cost->prices.name},
               {"prices_date", result.chip.cost->prices.date}};
  json.update(figure_json(*result.cost));
  return json;
}

}  // namespace systole
