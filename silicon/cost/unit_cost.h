#pragma once

#include "arch/cost/inputs.h"
#include "arch/units/real_units.h"
#include "silicon/cost/die.h"

namespace systole {

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
