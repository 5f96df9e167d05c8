#include "reference/cpu/power_model.h"

#include <string>

#include <gmock/gmock.h>

#include "arch/diag/error.h"

namespace systole::cpu {
namespace {

constexpr const char* kFile = R"(
sources: {a: a data sheet}
processors:
  - name: Model A
    vendor: AuthenticAMD
    family: 25
    first_model: 16
    last_model: 31
    cores: 96
    design_watts: {value: 360, source: a, status: unverified}
  - {name: Model B, vendor: GenuineIntel, family: 6, first_model: 63, last_model: 63, cores: 18,
     design_watts: {value: 145, source: a, status: found}}
)";

TEST(PowerModel, SharesTheDesignPowerByCores) {
  const auto known = parse_cpu_power(kFile, "power.yaml");
  const auto energy =
      modelled_energy(known, {.vendor = "AuthenticAMD", .family = 25, .model = 17}, 8, 0.5);
  ASSERT_TRUE(energy);
  EXPECT_EQ(energy->watts, 30);  // 360 W * 8 / 96
  EXPECT_EQ(energy->joules, 15);
  EXPECT_EQ(energy->obtained, Obtained::Modelled);
  EXPECT_EQ(energy->method, "8 of 96 cores of the 360 W of a Model A (unverified)");
}

TEST(PowerModel, NeverExceedsTheDesignPower) {
  const auto known = parse_cpu_power(kFile, "power.yaml");
  const auto energy =
      modelled_energy(known, {.vendor = "GenuineIntel", .family = 6, .model = 63}, 36, 1);
  EXPECT_EQ(energy->watts, 145);
  EXPECT_EQ(energy->method, "18 of 18 cores of the 145 W of a Model B (found)");
}

TEST(PowerModel, IsSilentAboutOtherProcessors) {
  const auto known = parse_cpu_power(kFile, "power.yaml");
  EXPECT_FALSE(modelled_energy(known, {.vendor = "AuthenticAMD", .family = 25, .model = 32}, 1, 1));
  EXPECT_FALSE(modelled_energy(known, {.vendor = "GenuineIntel", .family = 25, .model = 17}, 1, 1));
  EXPECT_FALSE(modelled_energy(known, {.vendor = "AuthenticAMD", .family = 6, .model = 17}, 1, 1));
}

TEST(PowerModel, TheShippedFileIsRead) {
  const auto known = read_cpu_power(SYSTOLE_SOURCE_DIR "/configs/cpus/design_power.yaml");
  ASSERT_GE(known.size(), 5U);
  EXPECT_EQ(known[0].name, "Xeon E5-2699 v3");
  EXPECT_EQ(known[0].watts, 145);  // Jouppi et al., Table 2
  EXPECT_EQ(known[0].cores, 18);
  EXPECT_EQ(known[0].status, FactStatus::Found);
}

TEST(PowerModel, AModelRangeThatEndsBeforeItStartsIsAMistake) {
  try {
    (void)parse_cpu_power(
        "processors:\n  - {name: A, vendor: B, family: 6, first_model: 9, "
        "last_model: 8, cores: 1, design_watts: 1}\n",
        "power.yaml");
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_EQ(std::string(error.what()),
              "power.yaml:2:65: processors[0].last_model: expected an integer in 9..4095, got '8'");
  }
}

}  // namespace
}  // namespace systole::cpu
