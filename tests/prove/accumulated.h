#pragma once

#include <cstdint>
#include <vector>

#include "tests/prove/axes.h"
#include "tests/prove/prove_case.h"

namespace systole::testing {

/// Sums of each product, row-major: C[m][n] as 32-bit patterns.
using ProductSums = std::vector<std::vector<std::uint32_t>>;

/// Whole sums of each product from the results of the folds, as accumulators collect them: the
/// first fold of an entry writes, the others add. Lanes beyond those that a fold uses are ignored.
[[nodiscard]] ProductSums accumulated(const ProveCase& prove_case,
                                      const std::vector<FoldOutcome>& outcomes);

}  // namespace systole::testing
