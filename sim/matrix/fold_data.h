#pragma once

#include <cstdint>
#include <vector>

#include "arch/isa/instruction.h"
#include "sim/matrix/fold_inputs.h"
#include "sim/matrix/resident_tile.h"

namespace systole {

/// What a fold adds up: count x cols 32-bit patterns, int32 modulo 2^32 for integer operands,
/// binary32 for floating ones. The sums begin with `held` (count x cols) or, where that is empty,
/// with zero; then come the products, array rows ascending. Of floating operands each product is
/// rounded to binary32 and so is each sum (ties to even, subnormals kept); a NaN is 0x7fc00000.
/// Array rows and columns outside the tile hold zero.
/// Throws InternalError when inputs or tile are not of the fold's types and size, and when no PE
/// multiplies these types.
[[nodiscard]] std::vector<std::int32_t> fold_sums(const Fold& fold, const FoldInputs& inputs,
                                                  const ResidentTile& tile,
                                                  const std::vector<std::int32_t>& held = {});

}  // namespace systole
