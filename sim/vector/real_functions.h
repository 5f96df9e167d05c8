#pragma once

#include "arch/isa/instruction.h"

namespace systole {

/// The functions of the vector unit, each operation rounded to binary32, in the order that
/// docs/numerics.md prescribes: the same bits on every machine, whatever its mathematics library.
/// Errors are relative to the exact function; a NaN gives a NaN.

/// e^x for x <= 0, within 2^-22; 0 below -87.
[[nodiscard]] float exponential(float x);
/// 1 / (1 + e^-x), within 2^-21 above -87; 0 below.
[[nodiscard]] float sigmoid(float x);
/// Within 2^-20.
[[nodiscard]] float hyperbolic_tangent(float x);

[[nodiscard]] float applied(RealFunction function, float x);

}  // namespace systole
