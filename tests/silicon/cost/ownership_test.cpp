#include "silicon/cost/ownership.h"

#include <cmath>

#include <gtest/gtest.h>

#include "arch/diag/error.h"

namespace systole {
namespace {

constexpr SiteInputs kSite{.busy_power = Watts(300.0),
                           .idle_power = Watts(100.0),
                           .host_power = Watts(50.0),
                           .provisioned_power = Watts(400.0),
                           .utilisation = 0.5,
                           .pue = 1.2,
                           .electricity = UsdPerKilowattHour(0.1),
                           .site_capital = UsdPerWatt(10.0),
                           .site_years = 10.0,
                           .device_years = 4.0};

constexpr OwnInputs kOwned{
    .device_price = Usd(10000.0), .server_share = Usd(2000.0), .site = kSite};

TEST(Own, AddsDeviceSiteAndElectricity) {
  const HourlyCost cost = own(kOwned);
  EXPECT_DOUBLE_EQ(cost.device.count(), 12000.0 / (4.0 * 8760.0));
  EXPECT_DOUBLE_EQ(cost.site.count(), 10.0 * 400.0 / (10.0 * 8760.0));
  // 50 W of host, half the time 300 W and half 100 W: 250 W; times PUE 1.2 at 0.1 $ a kWh
  EXPECT_DOUBLE_EQ(average_power(kSite).count(), 250.0);
  EXPECT_DOUBLE_EQ(cost.electricity.count(), 0.25 * 1.2 * 0.1);
  EXPECT_DOUBLE_EQ(cost.total().count(),
                   cost.device.count() + cost.site.count() + cost.electricity.count());
}

TEST(Rent, IsThePriceOfAnInstanceOverItsDevices) {
  EXPECT_DOUBLE_EQ(rent({.price = UsdPerHour(32.0), .devices = 8}).total().count(), 4.0);
  EXPECT_DOUBLE_EQ(
      rent({.price = UsdPerHour(32.0), .devices = 8, .billed_share = 0.25}).total().count(), 1.0);
}

TEST(Build, SpreadsTheOneTimeCostOverTheVolume) {
  const BuildInputs inputs{.nre = Usd(1e6), .unit_cost = Usd(100.0), .site = kSite};
  const double life = 4.0 * 8760.0;
  EXPECT_DOUBLE_EQ(build(inputs, 1000).device.count(), (100.0 + 1000.0) / life);
  EXPECT_DOUBLE_EQ(build(inputs, 1'000'000).device.count(), (100.0 + 1.0) / life);
  EXPECT_THROW((void)build(inputs, 0), InternalError);
}

TEST(UsdPerInference, CountsOnlyTheHoursOfWork) {
  // 3.6 $ an hour, 100 a second half of the time: 180,000 an hour
  EXPECT_DOUBLE_EQ(usd_per_inference(UsdPerHour(3.6), 100.0, 0.5)->count(), 3.6 / 180000.0);
  EXPECT_FALSE(usd_per_inference(UsdPerHour(3.6), 0.0, 0.5).has_value());
  EXPECT_FALSE(usd_per_inference(UsdPerHour(3.6), 100.0, 0.0).has_value());
}

TEST(BuildBreakEven, IsTheVolumeAtWhichBothCostTheSame) {
  const BuildInputs inputs{.nre = Usd(2e7), .unit_cost = Usd(500.0), .site = kSite};
  constexpr double kRate = 1000.0;
  const Usd other = *usd_per_inference(own(kOwned).total(), kRate, kSite.utilisation);
  const std::optional<double> volume = build_break_even(inputs, kRate, other);
  ASSERT_TRUE(volume.has_value());
  const auto above = static_cast<std::int64_t>(std::ceil(*volume));
  const auto built = [&](std::int64_t count) {
    return *usd_per_inference(build(inputs, count).total(), kRate, kSite.utilisation);
  };
  EXPECT_LE(built(above), other);
  EXPECT_GT(built(above - 1), other);
}

TEST(BuildBreakEven, IsEmptyWhereTheUnitAloneCostsMore) {
  const BuildInputs inputs{.nre = Usd(1.0), .unit_cost = Usd(20000.0), .site = kSite};
  const Usd other = *usd_per_inference(own(kOwned).total(), 1000.0, kSite.utilisation);
  EXPECT_FALSE(build_break_even(inputs, 1000.0, other).has_value());
}

TEST(OwnBreakEven, IsTheHoursAtWhichRentEqualsOwning) {
  const RentInputs rented{.price = UsdPerHour(2.0), .devices = 1};
  const double hours = *own_break_even_hours(kOwned, rented);
  const double life = 4.0 * 8760.0;
  OwnInputs at_break_even = kOwned;
  at_break_even.site.utilisation = hours / life;
  EXPECT_NEAR(own(at_break_even).total().count() * life, 2.0 * hours, 1e-6);
}

TEST(OwnBreakEven, IsEmptyWhereElectricityAloneCostsMoreThanRent) {
  // busy less idle: 200 W * 1.2 * 0.1 $ = 0.024 $ an hour
  EXPECT_FALSE(own_break_even_hours(kOwned, {.price = UsdPerHour(0.024)}).has_value());
  EXPECT_TRUE(own_break_even_hours(kOwned, {.price = UsdPerHour(0.025)}).has_value());
}

TEST(AveragePower, RejectsSharesBeyondOne) {
  SiteInputs site = kSite;
  site.utilisation = 1.01;
  EXPECT_THROW((void)average_power(site), InternalError);
}

}  // namespace
}  // namespace systole
