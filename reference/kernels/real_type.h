#pragma once

#include <cstdint>

#include "arch/isa/data_type.h"

namespace systole::reference {

// Numbers of the floating types, written from docs/numerics.md, apart from the simulator's
// conversions.

/// The nearest number of the type, ties to even; where that is too large infinity, or the largest
/// of a type without one, which infinity becomes, too. A NaN stays one.
[[nodiscard]] float nearest(DataType type, float value);

/// The pattern of a number that the type has.
[[nodiscard]] std::uint32_t pattern_of(DataType type, float number);

/// The number of a pattern.
[[nodiscard]] float number_of(DataType type, std::uint32_t pattern);

}  // namespace systole::reference
