#pragma once

namespace systole {

// Rates of arrays as they are sold: TOPS.

inline constexpr double kOperationsPerMac = 2.0;  // a product and a sum
inline constexpr double kTera = 1e12;

}  // namespace systole
