#pragma once

#include "arch/isa/row_loop.h"

namespace systole {

/// The functions of the vector unit, each operation rounded to binary32, in the order that
/// docs/numerics.md prescribes: the same bits on every machine, whatever its mathematics library.
/// Errors are relative to the exact function; a NaN gives a NaN.

/// e^x, within 2^-21; 0 below -87, infinity above 87.
[[nodiscard]] float exponential(float x);
/// 1 / (1 + e^-x), within 2^-21 above -87; 0 below.
[[nodiscard]] float sigmoid(float x);
/// Within 2^-20.
[[nodiscard]] float hyperbolic_tangent(float x);

/// x times the probability that a standard normal number is below it, within 2^-16.
[[nodiscard]] float gelu(float x);
/// The same by the tangent, x * sigmoid(sqrt(8 / pi) * (x + 0.044715 x^3)), within 2^-16 of that.
[[nodiscard]] float gelu_tanh(float x);
/// max(x, 0) + ln(1 + e^-|x|), within 2^-21.
[[nodiscard]] float softplus(float x);
/// e^x - 1 below 0, x above, within 2^-20.
[[nodiscard]] float elu(float x);
/// The natural logarithm, within 2^-21; of numbers below 0 a NaN.
[[nodiscard]] float logarithm(float x);

[[nodiscard]] float applied(RealFunction function, float x);

}  // namespace systole
