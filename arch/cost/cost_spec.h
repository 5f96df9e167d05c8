#pragma once

#include <cstdint>
#include <optional>

#include "arch/cost/prices.h"

namespace systole {

/// What making and running a chip costs, beside its silicon: section `cost` of a chip file.
struct CostSpec {
  Prices prices;
  std::optional<SquareMillimetres> die;  ///< where it is known; else that of the area model
  MemoryPrice memory;
  std::int64_t memory_stacks = 0;  ///< on an interposer with the die; 0: none, no interposer
  Usd board{0};                    ///< card, cooler, regulators
  Usd server_share{0};             ///< of the host around it
  Watts host_power{0};             ///< the same share of its power
  double frontend_engineer_years = 0;
  double backend_engineer_months = 0;
  double custom_share = 1;         ///< of the die laid out once, 0..1
  std::int64_t volume = 1;         ///< chips made
  std::optional<UsdPerHour> rent;  ///< of one chip in a cloud, where one offers it
};

}  // namespace systole
