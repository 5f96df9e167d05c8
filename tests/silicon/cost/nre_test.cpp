#include "silicon/cost/nre.h"

#include <gtest/gtest.h>

namespace systole {
namespace {

TEST(TopDownNre, IsTheReferenceAt300SquareMillimetresAndKeepsAFixedFifth) {
  const Usd reference(51e6);
  EXPECT_DOUBLE_EQ(top_down_nre(reference, SquareMillimetres(300.0)).count(), 51e6);
  EXPECT_DOUBLE_EQ(top_down_nre(reference, SquareMillimetres(0.0)).count(), 51e6 * 0.2);
  EXPECT_DOUBLE_EQ(top_down_nre(reference, SquareMillimetres(600.0)).count(), 51e6 * 1.8);
}

TEST(BottomUpNre, CountsMasksLicencesPeopleToolsAndPackage) {
  const BottomUpInputs inputs{.mask_set = Usd(1.2e6),
                              .ip_licences = Usd(1.0335e6),
                              .backend_usd_per_gate = 0.131,
                              .transistors_per_gate = 6.0,
                              .mega_transistors_per_mm2 = 15.3,
                              .custom_share = 0.5,
                              .frontend_engineer_years = 30.0,
                              .frontend_usd_per_year = Usd(120000.0),
                              .frontend_tools_usd_per_month = Usd(4000.0),
                              .backend_engineer_months = 100.0,
                              .backend_tools_usd_per_month = Usd(20000.0),
                              .package_design = Usd(105000.0)};
  const BottomUpNre nre = bottom_up_nre(inputs, SquareMillimetres(300.0));
  // 300 mm2 * 15.3e6 / 6 = 765e6 gates, half of them drawn
  EXPECT_NEAR(nre.backend.count(), 382.5e6 * 0.131 + 2e6, 1e-3);
  EXPECT_DOUBLE_EQ(nre.frontend.count(), 30.0 * (120000.0 + 48000.0));
  EXPECT_DOUBLE_EQ(nre.total().count(), nre.masks.count() + nre.ip.count() + nre.frontend.count() +
                                            nre.backend.count() + nre.package.count());
}

}  // namespace
}  // namespace systole
