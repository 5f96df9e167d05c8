#include "silicon/cost/ownership.h"

#include "arch/diag/check.h"

namespace systole {

namespace {

constexpr double kWattsPerKilowatt = 1000.0;
constexpr double kSecondsPerHour = 3600.0;

UsdPerHour written_off(Usd price, double years) {
  SYSTOLE_CHECK(years > 0.0, "written off over {} years", years);
  return UsdPerHour(price.count() / (years * kHoursPerYear));
}

UsdPerHour electricity_of(const SiteInputs& site, Watts machines) {
  return UsdPerHour(machines.count() / kWattsPerKilowatt * site.pue * site.electricity.count());
}

HourlyCost hourly(Usd devices_and_server, const SiteInputs& site) {
  return {.device = written_off(devices_and_server, site.device_years),
          .site = written_off(Usd(site.site_capital.count() * site.provisioned_power.count()),
                              site.site_years),
          .electricity = electricity_of(site, average_power(site))};
}

UsdPerHour rent_of_device(const RentInputs& inputs) {
  SYSTOLE_CHECK(inputs.devices > 0, "an instance of {} devices", inputs.devices);
  return inputs.price / static_cast<double>(inputs.devices);
}

}  // namespace

Watts average_power(const SiteInputs& site) {
  SYSTOLE_CHECK(site.utilisation >= 0.0 && site.utilisation <= 1.0, "utilisation {}",
                site.utilisation);
  return site.host_power + site.busy_power * site.utilisation +
         site.idle_power * (1.0 - site.utilisation);
}

HourlyCost own(const OwnInputs& inputs) {
  return hourly(inputs.device_price + inputs.server_share, inputs.site);
}

HourlyCost rent(const RentInputs& inputs) {
  return {.rent = rent_of_device(inputs) * inputs.billed_share};
}

HourlyCost build(const BuildInputs& inputs, std::int64_t volume) {
  SYSTOLE_CHECK(volume > 0, "a volume of {}", volume);
  const Usd chip = inputs.unit_cost + inputs.nre / static_cast<double>(volume);
  return hourly(chip + inputs.server_share, inputs.site);
}

std::optional<Usd> usd_per_inference(UsdPerHour cost, double inferences_per_second,
                                     double utilisation) {
  const double inferences_per_hour = inferences_per_second * kSecondsPerHour * utilisation;
  if (!(inferences_per_hour > 0.0)) {
    return std::nullopt;
  }
  return Usd(cost.count() / inferences_per_hour);
}

std::optional<double> build_break_even(const BuildInputs& inputs, double inferences_per_second,
                                       Usd other_per_inference) {
  const HourlyCost running = hourly(inputs.unit_cost + inputs.server_share, inputs.site);
  const double inferences_per_hour =
      inferences_per_second * kSecondsPerHour * inputs.site.utilisation;
  const double saved = other_per_inference.count() * inferences_per_hour - running.total().count();
  if (!(saved > 0.0)) {
    return std::nullopt;
  }
  return inputs.nre.count() / (inputs.site.device_years * kHoursPerYear * saved);
}

std::optional<double> own_break_even_hours(const OwnInputs& inputs, const RentInputs& rented) {
  const SiteInputs& site = inputs.site;
  const double life = site.device_years * kHoursPerYear;
  const HourlyCost owned = own(inputs);
  const double busy = electricity_of(site, site.host_power + site.busy_power).count();
  const double idle = electricity_of(site, site.host_power + site.idle_power).count();
  const double saved = rent_of_device(rented).count() - busy + idle;
  if (!(saved > 0.0)) {
    return std::nullopt;
  }
  return ((owned.device + owned.site).count() + idle) * life / saved;
}

}  // namespace systole
