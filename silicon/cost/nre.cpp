#include "silicon/cost/nre.h"

namespace systole {

Usd top_down_nre(Usd design_of_300mm2, SquareMillimetres die) {
  constexpr double kReferenceDie = 300.0;
  constexpr double kByArea = 0.5 + 0.3;
  constexpr double kFixed = 0.2;
  return design_of_300mm2 * (kByArea * die.count() / kReferenceDie + kFixed);
}

BottomUpNre bottom_up_nre(const BottomUpInputs& inputs, SquareMillimetres die) {
  constexpr double kMega = 1e6;
  constexpr double kMonthsPerYear = 12.0;
  const double gates = die.count() * inputs.mega_transistors_per_mm2 * kMega /
                       inputs.transistors_per_gate * inputs.custom_share;
  const Usd frontend_year =
      inputs.frontend_usd_per_year + inputs.frontend_tools_usd_per_month * kMonthsPerYear;
  return {.masks = inputs.mask_set,
          .ip = inputs.ip_licences,
          .frontend = frontend_year * inputs.frontend_engineer_years,
          .backend = Usd(gates * inputs.backend_usd_per_gate) +
                     inputs.backend_tools_usd_per_month * inputs.backend_engineer_months,
          .package = inputs.package_design};
}

}  // namespace systole
