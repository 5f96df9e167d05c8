#include "reference/tensor_error.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace systole {
namespace {

TensorError error_of(const std::vector<double>& wanted, const std::vector<double>& actual) {
  ErrorSum sum;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    sum.add(wanted[i], actual[i]);
  }
  return sum.result();
}

TEST(TensorError, IsMeanWorstAndRatioOfSquares) {
  const TensorError error = error_of({3, -4, 0, 0}, {3, -4.5, 0.5, -0.5});
  EXPECT_EQ(error.elements, 4);
  EXPECT_EQ(error.mean, 0.375);
  EXPECT_EQ(error.worst, 0.5);
  EXPECT_EQ(error.worst_at, 1);  // the first of three
  EXPECT_EQ(error.largest, 4);
  EXPECT_EQ(error.relative(), 0.125);
  EXPECT_EQ(error.sqnr_db, 15.23);  // 10 log10(25 / 0.75)
}

TEST(TensorError, HasNoRatioWithoutErrorOrSignal) {
  EXPECT_FALSE(error_of({1, 2}, {1, 2}).sqnr_db);
  EXPECT_EQ(error_of({1, 2}, {1, 2}).relative(), 0);
  EXPECT_FALSE(error_of({0, 0}, {0, 1}).sqnr_db);
  EXPECT_EQ(error_of({0, 0}, {0, 1}).relative(), std::numeric_limits<double>::infinity());
  EXPECT_EQ(error_of({0, 0}, {0, 0}).relative(), 0);
}

TEST(TensorError, OfANumberThatIsNoneIsInfinite) {
  const TensorError error = error_of({1, 1}, {1, std::nan("")});
  EXPECT_EQ(error.worst, std::numeric_limits<double>::infinity());
  EXPECT_EQ(error.worst_at, 1);
  EXPECT_FALSE(error.sqnr_db);
}

TEST(TensorError, OfExtremesDoesNotOverflow) {
  const double huge = std::numeric_limits<double>::max();
  EXPECT_FALSE(error_of({huge}, {-huge}).sqnr_db);
  EXPECT_FALSE(error_of({1e-200}, {2e-200}).sqnr_db);
}

}  // namespace
}  // namespace systole
