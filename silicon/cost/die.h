#pragma once

#include "arch/cost/inputs.h"
#include "arch/units/real_units.h"

namespace systole {

/// 0..1. Not modelled: systematic yield, redundancy, sale of partly good dies.
[[nodiscard]] double die_yield(const YieldInputs& process, SquareMillimetres die);

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
