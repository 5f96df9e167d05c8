#include "reference/devices/read_device.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "arch/diag/error.h"
#include "tests/support/temporary_directory.h"

namespace systole::reference {
namespace {

namespace fs = std::filesystem;

const fs::path kConfigs = fs::path(SYSTOLE_SOURCE_DIR) / "configs";

std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(kConfigs / folder)) {
    files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string stem_of(const ::testing::TestParamInfo<std::string>& info) {
  return fs::path(info.param).stem().string();
}

std::string text_of(const fs::path& file) {
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

class ShippedDevice : public ::testing::TestWithParam<std::string> {};

TEST_P(ShippedDevice, LoadsUnderItsOwnName) {
  const DeviceSpec device = read_device(GetParam());
  EXPECT_EQ(device.name, fs::path(GetParam()).stem().string());
  EXPECT_TRUE(device.supports(device.preferred_type()));
  EXPECT_LE(device.busy, device.tdp);
}

TEST_P(ShippedDevice, EveryFigureHasASourceOrIsAnAssumption) {
  for (const Fact& fact : read_device(GetParam()).facts) {
    EXPECT_TRUE(fact.status == FactStatus::Assumed || !fact.source.empty()) << fact.path;
  }
}

INSTANTIATE_TEST_SUITE_P(Configs, ShippedDevice, ::testing::ValuesIn(files_in("devices")), stem_of);

class ShippedFamily : public ::testing::TestWithParam<std::string> {};

TEST_P(ShippedFamily, LoadsUnderItsOwnName) {
  const DeviceFamily family = read_device_family(GetParam());
  EXPECT_EQ(family.name, fs::path(GetParam()).stem().string());
  for (const Fact& fact : family.facts) {
    EXPECT_TRUE(fact.status == FactStatus::Assumed || !fact.source.empty()) << fact.path;
  }
}

INSTANTIATE_TEST_SUITE_P(Configs, ShippedFamily, ::testing::ValuesIn(files_in("device_families")),
                         stem_of);

/// The T4's file with one text replaced; the family stays the shipped one.
std::string message_with(const std::string& from, const std::string& to) {
  const TemporaryDirectory directory;
  std::string text = text_of(kConfigs / "devices/t4.yaml");
  const std::size_t place = text.find(from);
  if (place == std::string::npos) {
    return "the file has no " + from;
  }
  const std::string file = directory.write("t4.yaml", text.replace(place, from.size(), to));
  try {
    static_cast<void>(read_device(file, (kConfigs / "device_families").string()));
  } catch (const ConfigError& error) {
    const std::string message = error.what();
    return message.substr(message.find("t4.yaml"));
  }
  return "";
}

TEST(ReadDevice, NamesPlaceAndRuleOfAMistake) {
  EXPECT_EQ(message_with("tdp_watts: {value: 70,", "tdp_watts: {value: 7,"),
            "t4.yaml:35:15: power.idle_watts: expected less than power.tdp_watts (7, line 34), got "
            "'10'");
  EXPECT_EQ(message_with("clock: {value: 1590 MHz", "clock: {value: 1590 watts"),
            "t4.yaml:19:16: clock: expected a frequency in 1 MHz..10 GHz as a number, a space and "
            "Hz, kHz, MHz or GHz, got '1590 watts'");
  EXPECT_THAT(message_with("family: turing", "family: tuering"),
              ::testing::HasSubstr("family: expected the name of a device family, a file in "));
  EXPECT_THAT(message_with("units: {value: 40", "units: {value: 80"),
              ::testing::EndsWith("published_tops.int8: expected 260.5, which units, "
                                  "macs_per_cycle and clock give, within 5 %, got '130'"));
  EXPECT_THAT(message_with("  fp32: {value: 64,", "  int4: {value: 64,"),
              ::testing::EndsWith("macs_per_cycle.int4: expected a type with energy_per_mac in "
                                  "family 'turing', got 'int4'"));
  EXPECT_THAT(message_with("price_usd", "price_eur"),
              ::testing::HasSubstr("got 'price_eur' (did you mean 'price_usd'?)"));
}

/// T4: 40 units x 1024 MACs x 1.59 GHz = 65.1 TMAC/s = 130 TOPS.
TEST(ReadDevice, PeakIsUnitsTimesRateTimesClock) {
  const DeviceSpec t4 = read_device((kConfigs / "devices/t4.yaml").string());
  EXPECT_DOUBLE_EQ(t4.peak_macs_per_second(DataType::Int8), 40.0 * 1024 * 1.59e9);
  EXPECT_EQ(t4.preferred_type(), DataType::Int8);
  EXPECT_FALSE(t4.supports(DataType::Bf16));
  const DeviceSpec v100 = read_device((kConfigs / "devices/v100.yaml").string());
  EXPECT_EQ(v100.preferred_type(), DataType::Fp16);
}

}  // namespace
}  // namespace systole::reference
