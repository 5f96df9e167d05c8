#pragma once

namespace systole {

// exp, log and pow from additions, multiplications, divisions alone: IEEE 754 rounds these the same
// way everywhere, a C library's own functions it does not. Reports are compared byte by byte.
// Relative error below 1e-14 over the ranges named; outside them InternalError.

/// e^x for -700 <= x <= 700.
[[nodiscard]] double portable_exp(double x);
/// Natural logarithm of a positive, normal x.
[[nodiscard]] double portable_log(double x);
/// base^exponent = e^(exponent ln base) for a positive base.
[[nodiscard]] double portable_pow(double base, double exponent);

}  // namespace systole
