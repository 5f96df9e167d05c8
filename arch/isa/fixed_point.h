#pragma once

#include "arch/isa/instruction.h"

namespace systole {

/// The nearest FixedPoint to a positive real number below 2^30: multiplier in [2^30, 2^31) except
/// where the shift would leave 0..62 (then the multiplier shrinks; reals below 2^-32 lose bits).
[[nodiscard]] FixedPoint to_fixed_point(double real);

}  // namespace systole
