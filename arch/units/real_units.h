#pragma once

#include "arch/units/quantity.h"

namespace systole {

// Figures that are reported and never counted with. Doubles, computed in a fixed order.
using Joules = Quantity<struct JouleUnit, double>;
using Watts = Quantity<struct WattUnit, double>;
using SquareMillimetres = Quantity<struct SquareMillimetreUnit, double>;
using Usd = Quantity<struct UsdUnit, double>;
using UsdPerHour = Quantity<struct UsdPerHourUnit, double>;
using UsdPerKilowattHour = Quantity<struct UsdPerKilowattHourUnit, double>;
using UsdPerWatt = Quantity<struct UsdPerWattUnit, double>;

static_assert(!Addable<Joules, Watts>);
static_assert(!Addable<Usd, UsdPerHour>);

}  // namespace systole
