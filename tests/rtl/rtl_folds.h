#pragma once

#include <vector>

#include "tests/support_array/fold_oracle.h"

namespace systole::testing {

/// A fold of random int8 operands.
[[nodiscard]] ArrayFold int8_fold(const ArrayConfig& config, int steps, RandomBits& random);

/// Fails the test where a fold's results are not those of scalar arithmetic.
void expect_results(const std::vector<FoldOutcome>& outcomes, const ArrayConfig& config,
                    const std::vector<ArrayFold>& folds);

}  // namespace systole::testing
