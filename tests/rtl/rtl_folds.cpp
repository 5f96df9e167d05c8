#include "tests/rtl/rtl_folds.h"

#include <gtest/gtest.h>

namespace systole::testing {

ArrayFold int8_fold(const ArrayConfig& config, int steps, RandomBits& random) {
  return random_fold(config, steps, OperandKind::Int8, OperandKind::Int8, random);
}

void expect_results(const std::vector<FoldOutcome>& outcomes, const ArrayConfig& config,
                    const std::vector<ArrayFold>& folds) {
  const std::vector<Lanes> expected = expected_results(config, folds);
  ASSERT_EQ(outcomes.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(outcomes[i].results, expected[i]) << "fold " << i;
  }
}

}  // namespace systole::testing
