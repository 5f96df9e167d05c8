#pragma once

#include <cstdint>

#include "arch/units/quantity.h"

namespace systole {

using CoreCycles = Quantity<struct CoreCycleUnit, std::int64_t>;
using DramCycles = Quantity<struct DramCycleUnit, std::int64_t>;
using Bytes = Quantity<struct ByteUnit, std::int64_t>;
using Hertz = Quantity<struct HertzUnit, std::int64_t>;
using BytesPerSecond = Quantity<struct BytesPerSecondUnit, std::int64_t>;
using Femtoseconds = Quantity<struct FemtosecondUnit, std::int64_t>;
using Femtojoules = Quantity<struct FemtojouleUnit, std::int64_t>;
using Microamperes = Quantity<struct MicroampereUnit, std::int64_t>;
using Microvolts = Quantity<struct MicrovoltUnit, std::int64_t>;

static_assert(!Addable<CoreCycles, DramCycles>);
static_assert(!Addable<CoreCycles, Bytes>);

/// Rounds up; both arguments non-negative, `divisor` positive.
constexpr std::int64_t ceil_div(std::int64_t value, std::int64_t divisor) {
  return (value + divisor - 1) / divisor;
}

constexpr std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
  return ceil_div(value, multiple) * multiple;
}

}  // namespace systole
