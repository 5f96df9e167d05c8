#pragma once

#include <array>
#include <cstdint>

#include "arch/enum_names.h"
#include "arch/units/real_units.h"

namespace systole {

// What the models of cost in silicon/cost are given: plain values of a price set.

/// Share of dies without a defect, for D defects a cm2 and a die of A cm2:
///   negative_binomial (1 + D A / c)^-c, c the clustering of defects
///   murphy            ((1 - e^-DA) / DA)^2
///   poisson           e^-DA
///   seeds             1 / (1 + D A)
/// Seeds is the negative binomial of c = 1, Poisson its limit for large c.
enum class YieldModel : std::uint8_t { NegativeBinomial, Murphy, Poisson, Seeds };

template <>
inline constexpr auto kEnumNames<YieldModel> = std::to_array<EnumName<YieldModel>>({
    {YieldModel::NegativeBinomial, "negative_binomial"},
    {YieldModel::Murphy, "murphy"},
    {YieldModel::Poisson, "poisson"},
    {YieldModel::Seeds, "seeds"},
});

struct YieldInputs {
  YieldModel model = YieldModel::NegativeBinomial;
  double defects_per_cm2 = 0;
  double clustering = 0;  ///< c; read by the negative binomial alone
};

/// Whole dies on a round wafer of diameter d, fractions kept (an average over placements):
///   simple   pi (d/2)^2 / A - pi d / sqrt(2 A)
///   actuary  A' = A + 2 s sqrt(A) + s^2, scribe lines s wide on two sides of a square die, and an
///            unusable edge of e: pi (d/2 - e)^2 / A' - pi (d - 2e) / sqrt(2 A')
/// Sources: Hennessy and Patterson, Computer Architecture; Feng and Ma, Chiplet Actuary, DAC 2022.
enum class DieCount : std::uint8_t { Simple, Actuary };

template <>
inline constexpr auto kEnumNames<DieCount> = std::to_array<EnumName<DieCount>>({
    {DieCount::Simple, "simple"},
    {DieCount::Actuary, "actuary"},
});

struct WaferInputs {
  DieCount count = DieCount::Actuary;
  double diameter_mm = 300;
  double scribe_mm = 0;  ///< read by `Actuary` alone, as is the next
  double edge_loss_mm = 0;
  Usd price{0};
};

/// From below, as Moonwalk (Khazraee et al., ASPLOS 2017) counts.
struct BottomUpInputs {
  Usd mask_set{0};
  Usd ip_licences{0};
  double backend_usd_per_gate = 0;
  double transistors_per_gate = 0;
  double mega_transistors_per_mm2 = 0;  ///< of the process
  double custom_share = 1.0;            ///< of the die that is laid out by hand once, 0..1
  double frontend_engineer_years = 0;
  Usd frontend_usd_per_year{0};
  Usd frontend_tools_usd_per_month{0};
  double backend_engineer_months = 0;
  Usd backend_tools_usd_per_month{0};
  Usd package_design{0};
};

/// What a device in a datacentre costs besides itself; all values of one device.
struct SiteInputs {
  Watts busy_power{0};         ///< average at the device while it works
  Watts idle_power{0};         ///< while it waits for work
  Watts host_power{0};         ///< its share of the server around it, at all times
  Watts provisioned_power{0};  ///< what the site is built for: the TDP of device and host share
  double utilisation = 1.0;    ///< share of the hours in which the device works, 0..1
  double pue = 1.0;            ///< power of the site over power of its machines
  UsdPerKilowattHour electricity{0};
  UsdPerWatt site_capital{0};  ///< building, power, cooling; a watt of machines
  double site_years = 1.0;     ///< over which these are written off
  double device_years = 1.0;   ///< over which device and server are written off
};

/// A silicon interposer under die and memory stacks, itself a die of an old process.
struct InterposerInputs {
  double area_factor = 1.0;  ///< interposer over the silicon on it
  WaferInputs wafer;
  YieldInputs process;
  double micro_bump_usd_per_mm2 = 0;  ///< of silicon on it
  double bonding_yield = 1.0;
};

/// One die in a flip-chip package on an organic substrate.
struct PackageInputs {
  double substrate_area_factor = 1.0;  ///< substrate over die (or interposer)
  double substrate_usd_per_mm2 = 0;
  double layers_factor = 1.0;      ///< of the substrate's price: 1 for a single die
  double c4_bump_usd_per_mm2 = 0;  ///< of die (or interposer)
  double bonding_yield = 1.0;
  Usd assembly{0};
  double test_share = 0;  ///< of the good die's cost: probing and final test
};

}  // namespace systole
