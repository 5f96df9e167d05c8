#pragma once

#include "arch/cost/die.h"
#include "arch/units/real_units.h"

namespace systole {

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

struct UnitCost {
  Usd die{0};         ///< good die
  Usd test{0};        ///< test_share * die
  Usd interposer{0};  ///< with its micro bumps; 0 where there is none
  Usd package{0};     ///< substrate, bumps, assembly
  Usd scrap{0};       ///< parts that bonding destroys: the sum of the others * (1 / yield - 1)
  Usd memory{0};
  Usd board{0};

  [[nodiscard]] Usd packaged() const { return die + test + interposer + package + scrap; }
  [[nodiscard]] Usd total() const { return packaged() + memory + board; }
};

/// package = area_factor * die mm2 * substrate price * layers + bumps + assembly.
/// Source of the form: Feng and Ma, Chiplet Actuary, DAC 2022. Not modelled: margins of the makers,
/// heat spreader and cooler (part of the board), memory that bonding destroys.
[[nodiscard]] UnitCost packaged_die(const DieCost& die, SquareMillimetres area,
                                    const PackageInputs& package);

/// The same on an interposer that carries `beside_die` of memory stacks as well.
[[nodiscard]] UnitCost packaged_die(const DieCost& die, SquareMillimetres area,
                                    const PackageInputs& package,
                                    const InterposerInputs& interposer,
                                    SquareMillimetres beside_die);

}  // namespace systole
