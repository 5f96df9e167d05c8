#include "study/site.h"

#include <fmt/format.h>

#include "arch/config/config_node.h"
#include "arch/read_dram.h"

namespace systole {

namespace {

constexpr double kMillion = 1e6;

/// Of a row with price and power; without the powers while it works and waits.
OwnInputs own_inputs(const ComparedDevice& row, const Site& site) {
  const HostShare host = row.host.value_or(site.host_of(row.kind));
  OwnInputs inputs{.device_price = *row.price, .server_share = host.price, .site = site.inputs};
  inputs.site.host_power = host.power;
  inputs.site.provisioned_power = row.tdp.value_or(*row.power) + host.power;
  return inputs;
}

}  // namespace

std::string Site::summary(bool stream) const {
  const std::string hours =
      stream ? "all hours" : fmt::format("{:g} % busy", 100 * inputs.utilisation);
  return fmt::format("{}: {}, {:g} years, PUE {:g}, {:g} USD/kWh", name, hours, inputs.device_years,
                     inputs.pue, inputs.electricity.count());
}

Site read_site(const std::string& file) {
  constexpr RealRange kMoney{.min = 0, .max = 1e9};
  constexpr RealRange kYears{.min = 0.1, .max = 100};
  const ConfigNode node = ConfigNode::open(file);
  Site site;
  site.name = node.text("name");
  site.description = node.text("description");
  site.inputs.utilisation = node.real("utilisation", {.min = 0.001, .max = 1});
  site.inputs.pue = node.real("pue", {.min = 1, .max = 10});
  site.inputs.electricity = UsdPerKilowattHour(node.real("electricity_usd_per_kwh", kMoney));
  site.inputs.site_capital = UsdPerWatt(node.real("site_usd_per_watt", kMoney));
  site.inputs.site_years = node.real("site_years", kYears);
  site.inputs.device_years = node.real("device_years", kYears);
  const ConfigNode host = node.map("host");
  for (const auto& [kind, name] : kEnumNames<ComparedKind>) {
    const ConfigNode share = host.map(name);
    site.host[static_cast<std::size_t>(kind)] = {
        .power = Watts(share.real("watts", {.min = 0, .max = 100'000})),
        .price = Usd(share.real("usd", kMoney))};
    share.finish();
  }
  host.finish();
  node.finish();
  site.facts = figures_of(node);
  return site;
}

void add_dollars(ComparedDevice& row, const Site& site) {
  const double rate = row.inferences_per_second();
  const double utilisation = site.inputs.utilisation;
  if (row.price && row.power) {
    OwnInputs inputs = own_inputs(row, site);
    inputs.site.busy_power = *row.power;
    inputs.site.idle_power = row.idle.value_or(*row.power);
    if (const auto usd = usd_per_inference(own(inputs).total(), rate, utilisation)) {
      row.own_per_million = *usd * kMillion;
    }
  } else {
    row.notes.push_back(row.price ? "no cost of owning: no power is known"
                                  : "no cost of owning: no price is known");
  }
  if (row.rent) {
    const HourlyCost hour = rent({.price = *row.rent, .devices = 1, .billed_share = utilisation});
    if (const auto usd = usd_per_inference(hour.total(), rate, utilisation)) {
      row.rent_per_million = *usd * kMillion;
    }
  }
}

void add_stream_dollars(StreamFigures& stream, double rate, const ComparedDevice& row,
                        const Site& site) {
  // At all hours the stream's average power and rate: nothing is left to be told apart.
  constexpr double kAllHours = 1.0;
  if (row.price && stream.use.power) {
    OwnInputs inputs = own_inputs(row, site);
    inputs.site.utilisation = kAllHours;
    inputs.site.busy_power = *stream.use.power;
    if (const auto usd = usd_per_inference(own(inputs).total(), rate, kAllHours)) {
      stream.use.own_per_million = *usd * kMillion;
    }
  }
  if (row.rent) {
    const HourlyCost hour = rent({.price = *row.rent, .devices = 1, .billed_share = kAllHours});
    if (const auto usd = usd_per_inference(hour.total(), rate, kAllHours)) {
      stream.use.rent_per_million = *usd * kMillion;
    }
  }
}

}  // namespace systole
