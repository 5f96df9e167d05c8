#include "report/page/compare_page.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "report/compare.h"
#include "report/page/page.h"
#include "report/page/page_assets.h"

namespace systole {

namespace {

using Json = nlohmann::ordered_json;

/// The validation points of docs/devices.md; a test compares.
const std::array<DeviceError, 5>& device_errors() {
  static const std::array<DeviceError, 5> errors{{{"bert", 0.055, 0.146},
                                                  {"gemm", 0.016, 0.050},
                                                  {"mobilenet_v1", 0.183, 0.234},
                                                  {"resnet50", 0.082, 0.197},
                                                  {"all", 0.070, 0.234}}};
  return errors;
}

Json curve_json(const ComparedDevice& row) {
  Json points = Json::array();
  if (row.load) {
    for (const LoadPoint& point : row.load->curve) {
      points.push_back({point.per_second, seconds(point.p50), seconds(point.p99)});
    }
  }
  return points;
}

}  // namespace

const DeviceError& device_error(const std::string& network) {
  const auto& errors = device_errors();
  const auto found = std::find_if(errors.begin(), errors.end(), [&](const DeviceError& error) {
    return network.starts_with(error.group);
  });
  return found == errors.end() ? errors.back() : *found;
}

std::string compare_page(const Comparison& comparison, const std::string& command,
                         const std::string& made_by) {
  Json curves = Json::array();
  for (const ComparedDevice& row : comparison.rows) {
    curves.push_back(curve_json(row));
  }
  const DeviceError& error = device_error(comparison.network);
  const Json data = {
      {"comparison", compare_object(comparison)},
      {"device_error", {{"group", error.group}, {"mean", error.mean}, {"largest", error.largest}}},
      {"curves", std::move(curves)},
      {"command", command},
      {"made_by", made_by}};
  return page(comparison.network + " compared", data, kCompareScript);
}

}  // namespace systole
