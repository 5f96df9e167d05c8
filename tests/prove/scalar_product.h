#pragma once

#include <cstdint>
#include <vector>

#include "tests/prove/prove_case.h"

namespace systole::testing {

/// C[m][n] of a product, row-major, as 32-bit patterns (int32 modulo 2^32, or binary32), one
/// addition after the other in the documented order (docs/array.md):
/// - reduction down the rows: each slice of `array rows` elements adds up from zero, k ascending;
///   then the slices' sums are added, in their order, to the first;
/// - reduction over time: from zero, k ascending.
/// Products and sums of binary32 are computed in binary64 and then rounded: the product of two
/// operands is exact there, and a sum's second rounding changes nothing, as 53 >= 2 * 24 + 2.
[[nodiscard]] std::vector<std::uint32_t> scalar_product(const ProveCase& prove_case,
                                                        const Product& product);

}  // namespace systole::testing
