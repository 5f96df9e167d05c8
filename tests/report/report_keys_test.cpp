#include <algorithm>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "report/csv.h"
#include "report/json.h"
#include "study/time_parts.h"
#include "tests/report/whole_result.h"

namespace systole {
namespace {

using Json = nlohmann::ordered_json;
using testing::ElementsAreArray;

std::string page() {
  std::stringstream text;
  text << std::ifstream(std::string(SYSTOLE_SOURCE_DIR) + "/docs/report.md").rdbuf();
  return text.str();
}

/// The keys of the page's table, in its order.
std::vector<std::string> documented_keys() {
  const std::string text = page();
  const std::size_t begin = text.find("| key | unit | meaning |");
  std::istringstream lines(text.substr(begin, text.find("\n\n", begin) - begin));
  std::vector<std::string> keys;
  const std::regex key("`([^`]+)`");
  for (std::string line; std::getline(lines, line);) {
    const std::string first = line.substr(0, line.find('|', 1));
    for (std::sregex_iterator found(first.begin(), first.end(), key), end; found != end; ++found) {
      keys.push_back((*found)[1]);
    }
  }
  return keys;
}

/// The name in a path that stands for all of an enumeration's.
std::string general(const std::string& path, const std::string& key) {
  const auto is_in = [&key](const auto& names) {
    return std::any_of(names.begin(), names.end(),
                       [&key](const auto& name) { return name.second == key; });
  };
  const auto under = [&path](std::string_view parent) { return path.ends_with(parent); };
  if (under("busy.") || under("instructions.") || path == "engines.") {
    return is_in(kEnumNames<EngineKind>) ? "ENGINE" : key;
  }
  if (under("stalls.") || under("engines.ENGINE.")) {
    return is_in(kEnumNames<Cause>) ? "CAUSE" : key;
  }
  if (under("time.") || under("beyond_bound.")) {
    return is_in(kEnumNames<TimePart>) ? "PART" : key;
  }
  if (under("macs_of_kind.")) {
    return is_in(kEnumNames<MacKind>) ? "KIND" : key;
  }
  if (under("fpga.used.") || under("fpga.available.") || under("components.COMPONENT.")) {
    return "RESOURCE";
  }
  return under("components.") || under("parts_mm2.") ? "COMPONENT" : key;
}

void add_keys(const Json& json, const std::string& path, std::vector<std::string>& keys) {
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) {
      const std::string dot = path.empty() ? "" : path + '.';
      add_keys(value, dot + general(dot, key), keys);
    }
    return;
  }
  if (json.is_array() && !json.empty() && path != "layers[].output_shape[]") {
    for (const Json& element : json) {
      add_keys(element, path + "[]", keys);
    }
    return;
  }
  const std::string whole = json.is_array() ? path + "[]" : path;
  if (std::find(keys.begin(), keys.end(), whole) == keys.end()) {
    keys.push_back(whole);
  }
}

TEST(ReportKeys, OfTheJsonReportAreThoseOfThePageInItsOrder) {
  std::vector<std::string> keys;
  const WholeResult with_cost = whole_result("edge");
  add_keys(Json::parse(json_report(with_cost.result, with_cost.extras)), "", keys);
  const WholeResult on_card = whole_result("fpga_overlay_u250");
  std::vector<std::string> of_card;
  add_keys(Json::parse(json_report(on_card.result, on_card.extras)), "", of_card);
  const auto fpga = std::find(keys.begin(), keys.end(), "fpga");
  ASSERT_NE(fpga, keys.end());  // null on a chip without a card
  const auto at = keys.erase(fpga);
  std::vector<std::string> card;
  std::copy_if(of_card.begin(), of_card.end(), std::back_inserter(card),
               [](const std::string& key) { return key.starts_with("fpga."); });
  keys.insert(at, card.begin(), card.end());
  EXPECT_THAT(keys, ElementsAreArray(documented_keys()));
}

TEST(ReportKeys, OfCausesAreThoseOfThePage) {
  const std::string text = page();
  for (const auto& [cause, name] : kEnumNames<Cause>) {
    EXPECT_NE(text.find("\n| `" + std::string(name) + "` | "), std::string::npos) << name;
  }
}

TEST(ReportKeys, OfTheCsvReportAreThoseOfThePageInItsOrder) {
  const std::string text = page();
  const std::size_t begin = text.find("## CSV");
  const std::string section = text.substr(begin, text.find("\n## ", begin + 1) - begin);
  const std::string csv = csv_report(whole_result("edge").result);
  std::istringstream header(csv.substr(0, csv.find('\n')));
  std::size_t at = 0;
  for (std::string column; std::getline(header, column, ',');) {
    const std::string key = column.ends_with("_busy_cycles") ? "`ENGINE_busy_cycles`"
                            : column.ends_with("_joules")    ? "`COMPONENT_joules`"
                                                             : '`' + column + '`';
    const std::size_t found = section.find(key);
    ASSERT_NE(found, std::string::npos) << column;
    EXPECT_GE(found, at) << column;
    at = found;
  }
}

}  // namespace
}  // namespace systole
