#pragma once

#include <cstdint>
#include <optional>

#include "arch/cost/inputs.h"
#include "arch/units/real_units.h"

namespace systole {

// Dollars an hour of any device (chip, card, CPU, FPGA): plain functions of plain values, which
// know nothing of where they come from. Hours are those of the clock on the wall, 8760 a year.
// Not modelled: interest, staff, networks, taxes, resale, price changes over the years.

inline constexpr double kHoursPerYear = 8760.0;

/// Buying a device that others sell.
struct OwnInputs {
  Usd device_price{0};  ///< with its memory and board
  Usd server_share{0};  ///< its part of host, chassis, network card
  SiteInputs site;
};

struct HourlyCost {
  UsdPerHour device{0};       ///< (device_price + server_share) / (device_years * 8760)
  UsdPerHour site{0};         ///< site_capital * provisioned_power / (site_years * 8760)
  UsdPerHour electricity{0};  ///< kW of the wall * usd a kWh
  UsdPerHour rent{0};         ///< where it is rented, and then alone

  [[nodiscard]] UsdPerHour total() const { return device + site + electricity + rent; }
};

/// Average power at the machines: busy and idle by utilisation, and the host share.
[[nodiscard]] Watts average_power(const SiteInputs& site);

[[nodiscard]] HourlyCost own(const OwnInputs& inputs);

/// Renting by the hour. Hours without work are paid as well; `billed_share` below 1 stands for
/// giving the machine back at times.
struct RentInputs {
  UsdPerHour price{0};        ///< of one instance
  std::int64_t devices = 1;   ///< in the instance
  double billed_share = 1.0;  ///< of the hours of the year, 0..1
};
[[nodiscard]] HourlyCost rent(const RentInputs& inputs);

/// Having a chip made: a one-time cost spread over `volume` devices, then owning them.
struct BuildInputs {
  Usd nre{0};        ///< design, masks, package design
  Usd unit_cost{0};  ///< one packaged, tested chip with memory and board
  Usd server_share{0};
  SiteInputs site;
};
/// Requires volume > 0.
[[nodiscard]] HourlyCost build(const BuildInputs& inputs, std::int64_t volume);

/// The answer of one device: dollars an inference at `inferences_per_second` while it works.
/// `cost` must be of the same `utilisation`. Empty where nothing is ever computed.
[[nodiscard]] std::optional<Usd> usd_per_inference(UsdPerHour cost, double inferences_per_second,
                                                   double utilisation);

/// Number of devices from which building costs less an inference than `other_per_inference`; empty
/// where no volume is enough, because the running costs alone are higher.
///   volume = nre / (device_years * 8760 * (other * inferences an hour - hourly cost without nre))
[[nodiscard]] std::optional<double> build_break_even(const BuildInputs& inputs,
                                                     double inferences_per_second,
                                                     Usd other_per_inference);

/// Hours of work, over the whole life of the device, from which owning costs less than renting for
/// just those hours: with life L = device_years * 8760 and electricity by the hour while busy and
/// idle, hours = (device and site + electricity idle) * L / (rent - busy + idle). A result above L
/// means that renting always costs less. Empty where renting costs no more than the electricity.
[[nodiscard]] std::optional<double> own_break_even_hours(const OwnInputs& inputs,
                                                         const RentInputs& rented);

}  // namespace systole
