/// The table of docs/devices.md: modelled against measured times. UPDATE_GOLDEN=1 rewrites it.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "reference/devices/read_device.h"
#include "tests/reference/devices/measured_points.h"

namespace systole::reference::testing {
namespace {

const std::string kPage = std::string(SYSTOLE_SOURCE_DIR) + "/docs/devices.md";
constexpr std::string_view kBegin = "<!-- agreement: begin -->\n";
constexpr std::string_view kEnd = "<!-- agreement: end -->\n";

struct Sum {
  double errors = 0;
  double worst = 0;
  int points = 0;

  void add(double error) {
    errors += std::abs(error);
    worst = std::max(worst, std::abs(error));
    ++points;
  }
  [[nodiscard]] double mean() const { return points == 0 ? 0.0 : errors / points; }
  [[nodiscard]] std::string cells() const {
    return points == 0
               ? "0 | | "
               : fmt::format("{} | {:.1f} % | {:.1f} % ", points, 100 * mean(), 100 * worst);
  }
};

struct Group {
  Sum all;
  Sum validation;
};

struct Agreement {
  std::map<std::string, Group> groups;
  Group total;
  std::string rows;
};

const Agreement& agreement() {
  static const Agreement result = [] {
    Agreement sums;
    for (const MeasuredPoint& point : measured_points()) {
      const double modelled = point.modelled_milliseconds();
      const double error = modelled / point.milliseconds - 1;
      for (Group* group : {&sums.groups[point.group], &sums.total}) {
        group->all.add(error);
        if (!point.calibration) {
          group->validation.add(error);
        }
      }
      sums.rows += fmt::format(
          "| {} | {} | {} | {} | {} | {:.4g} | {:.4g} | {:+.1f} % | {} |\n", point.device,
          point.workload, name_of(point.type),
          point.throughput ? std::string("best") : fmt::format("{}", point.batch),
          point.limit_watts > 0 ? fmt::format("{}, {:g} W", point.measurement, point.limit_watts)
                                : point.measurement,
          point.milliseconds, modelled, 100 * error, point.calibration ? "calibration" : "");
    }
    return sums;
  }();
  return result;
}

std::string table() {
  std::string text =
      "| group | points | mean error | largest | validation points | mean error | largest |\n"
      "|---|---|---|---|---|---|---|\n";
  for (const auto& [name, group] : agreement().groups) {
    text += fmt::format("| {} | {}| {}|\n", name, group.all.cells(), group.validation.cells());
  }
  text += fmt::format("| all | {}| {}|\n", agreement().total.all.cells(),
                      agreement().total.validation.cells());
  text +=
      "\n| device | work | type | batch | measurement | measured, ms | modelled, ms | error | |\n"
      "|---|---|---|---|---|---|---|---|---|\n";
  return text + agreement().rows;
}

TEST(DeviceAgreement, TheTableOfTheDocumentationIsThisModels) {
  std::stringstream page;
  page << std::ifstream(kPage).rdbuf();
  std::string text = page.str();
  const std::size_t begin = text.find(kBegin) + kBegin.size();
  const std::size_t end = text.find(kEnd);
  ASSERT_NE(end, std::string::npos);
  const std::string now = table();
  const char* const update = std::getenv("UPDATE_GOLDEN");
  if (update != nullptr && std::string_view(update) == "1") {
    std::ofstream(kPage) << text.replace(begin, end - begin, now);
    return;
  }
  EXPECT_EQ(text.substr(begin, end - begin), now)
      << "if the change is meant: UPDATE_GOLDEN=1 ctest -R DeviceAgreement";
}

TEST(DeviceAgreement, MeanErrorOfEveryGroupIsAtMostAQuarter) {
  for (const auto& [name, group] : agreement().groups) {
    EXPECT_LE(group.all.mean(), 0.25) << name;
    EXPECT_LE(group.validation.mean(), 0.25) << name;
  }
}

TEST(DeviceAgreement, MostPointsAreForValidation) {
  EXPECT_GE(agreement().total.validation.points,
            4 * (agreement().total.all.points - agreement().total.validation.points));
}

/// A family is calibrated where a point marked for it ran on one of its devices, and on software
/// that fuses, as the default does.
TEST(DeviceAgreement, CalibratedFamiliesHaveACalibrationPoint) {
  std::map<std::string, bool> calibrated;  // by family
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(SYSTOLE_SOURCE_DIR) + "/configs/devices")) {
    const DeviceSpec device = shipped_device(entry.path().stem().string());
    const bool found = std::any_of(measured_points().begin(), measured_points().end(),
                                   [&](const MeasuredPoint& point) {
                                     return point.device == device.name && point.calibration &&
                                            device.stack(point.stack)->fused;
                                   });
    calibrated[device.family.name] = calibrated[device.family.name] || found;
  }
  for (const auto& entry : std::filesystem::directory_iterator(std::string(SYSTOLE_SOURCE_DIR) +
                                                               "/configs/device_families")) {
    const DeviceFamily family = read_device_family(entry.path().string());
    EXPECT_EQ(family.calibrated, calibrated[family.name]) << family.name;
  }
}

}  // namespace
}  // namespace systole::reference::testing
