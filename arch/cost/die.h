#pragma once

#include <array>
#include <cstdint>

#include "arch/enum_names.h"
#include "arch/units/real_units.h"

namespace systole {

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

/// 0..1. Not modelled: systematic yield, redundancy, sale of partly good dies.
[[nodiscard]] double die_yield(const YieldInputs& process, SquareMillimetres die);

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

/// 0 where the die is larger than what the formula can place.
[[nodiscard]] double dies_per_wafer(const WaferInputs& wafer, SquareMillimetres die);

struct DieCost {
  double dies_per_wafer = 0;
  double yield = 0;
  Usd good_die{0};  ///< wafer price / (dies per wafer * yield)
};

/// Not modelled: test, harvesting, wafer lots and their discounts. Requires a die that fits.
[[nodiscard]] DieCost die_cost(const WaferInputs& wafer, const YieldInputs& process,
                               SquareMillimetres die);

}  // namespace systole
