#include "arch/units/portable_math.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "arch/diag/error.h"

namespace systole {
namespace {

TEST(PortableExp, AgreesWithTheLibraryOverItsRange) {
  for (double x = -700.0; x <= 700.0; x += 0.37) {
    EXPECT_NEAR(portable_exp(x) / std::exp(x), 1.0, 1e-14) << x;
  }
  EXPECT_DOUBLE_EQ(portable_exp(0.0), 1.0);
}

TEST(PortableLog, AgreesWithTheLibraryOverTheNormalNumbers) {
  EXPECT_DOUBLE_EQ(portable_log(1.0), 0.0);
  for (double x = 1e-300; x < 1e300; x *= 1.7) {
    EXPECT_NEAR(portable_log(x), std::log(x), 1e-14 * std::fmax(1.0, std::fabs(std::log(x)))) << x;
  }
}

TEST(PortablePow, AgreesWithTheLibraryWhereItIsUsed) {
  for (double base = 0.01; base < 1e4; base *= 1.3) {
    for (double exponent = -10.0; exponent <= 10.0; exponent += 0.7) {
      EXPECT_NEAR(portable_pow(base, exponent) / std::pow(base, exponent), 1.0, 1e-13)
          << base << " ^ " << exponent;
    }
  }
}

TEST(PortableMath, RefusesWhatHasNoResult) {
  EXPECT_THROW((void)portable_exp(701.0), InternalError);
  EXPECT_THROW((void)portable_exp(std::numeric_limits<double>::quiet_NaN()), InternalError);
  EXPECT_THROW((void)portable_log(0.0), InternalError);
  EXPECT_THROW((void)portable_log(-1.0), InternalError);
  EXPECT_THROW((void)portable_log(std::numeric_limits<double>::infinity()), InternalError);
}

}  // namespace
}  // namespace systole
