#include "study/site.h"

#include <filesystem>

#include <gmock/gmock.h>

#include "arch/diag/error.h"
#include "tests/support/temporary_directory.h"

namespace systole {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSite = R"(name: here
description: a place
utilisation: 0.5
pue: 2
electricity_usd_per_kwh: 0.1
site_usd_per_watt: 0
site_years: 10
device_years: 2
host:
  chip: {watts: 0, usd: 0}
  fpga: {watts: 0, usd: 0}
  cpu: {watts: 0, usd: 0}
  gpu: {watts: 100, usd: 752}
  edge: {watts: 0, usd: 0}
)";

Site plain_site() {
  const TemporaryDirectory directory;
  return read_site(directory.write("site.yaml", kSite));
}

/// 1000 inferences a second.
ComparedDevice row() {
  return {.kind = ComparedKind::Gpu,
          .batch = 10,
          .time = Femtoseconds(10'000'000'000'000),
          .power = Watts(300),
          .idle = Watts(100),
          .price = Usd(1000),
          .rent = UsdPerHour(3.6)};
}

TEST(Site, ThatShipLoadWithSources) {
  for (const auto& entry :
       fs::directory_iterator(std::string(SYSTOLE_SOURCE_DIR) + "/configs/sites")) {
    const Site site = read_site(entry.path().string());
    EXPECT_EQ(site.name, entry.path().stem().string());
    for (const Fact& fact : site.facts) {
      EXPECT_TRUE(fact.status == FactStatus::Assumed || !fact.source.empty()) << fact.path;
    }
  }
}

/// 1752 USD over 2 x 8760 hours are 0.1 an hour. Power is 100 + 300 / 2 + 100 / 2 = 300 W, at the
/// wall 600 W: 0.06 USD an hour. In an hour half of 3.6 million inferences: 0.16 / 1.8 a million.
TEST(Site, OwningCostsDeviceAndElectricityByTheInference) {
  ComparedDevice device = row();
  add_dollars(device, plain_site());
  ASSERT_TRUE(device.own_per_million);
  EXPECT_NEAR(device.own_per_million->count(), 0.16 / 1.8, 1e-12);
  EXPECT_TRUE(device.notes.empty());
}

/// 1000 USD over 2 x 8760 hours, and 200 W, at the wall 400 W: 0.04 USD an hour.
TEST(Site, ADeviceMayStateItsOwnShareOfAServer) {
  ComparedDevice device = row();
  device.host = HostShare{};
  add_dollars(device, plain_site());
  ASSERT_TRUE(device.own_per_million);
  EXPECT_NEAR(device.own_per_million->count(), (1000.0 / 17520 + 0.04) / 1.8, 1e-12);
}

/// Billed for the hours in which it works: 3.6 USD for 3.6 million.
TEST(Site, RentingCostsTheHoursOfWork) {
  ComparedDevice device = row();
  add_dollars(device, plain_site());
  ASSERT_TRUE(device.rent_per_million);
  EXPECT_NEAR(device.rent_per_million->count(), 1, 1e-12);
}

TEST(Site, SaysWhatIsMissing) {
  ComparedDevice device = row();
  device.price.reset();
  device.rent.reset();
  add_dollars(device, plain_site());
  EXPECT_FALSE(device.own_per_million);
  EXPECT_FALSE(device.rent_per_million);
  EXPECT_THAT(device.notes, testing::ElementsAre("no cost of owning: no price is known"));
  ComparedDevice dark = row();
  dark.power.reset();
  add_dollars(dark, plain_site());
  EXPECT_THAT(dark.notes, testing::ElementsAre("no cost of owning: no power is known"));
}

TEST(Site, MistakesHaveAPlace) {
  const TemporaryDirectory directory;
  std::string text(kSite);
  const std::string file =
      directory.write("site.yaml", text.replace(text.find("pue: 2"), 6, "pue: 0"));
  try {
    (void)read_site(file);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_EQ(std::string(error.what()), file + ":4:6: pue: expected a number in 1..10, got '0'");
  }
}

}  // namespace
}  // namespace systole
