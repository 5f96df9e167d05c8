/// The table of docs/dram.md: this model, with the policies of R and each standard's own rules,
/// against R, DRAMsim3 and DRAMSys. UPDATE_GOLDEN=1 rewrites it.
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/sim/dram/reference_data.h"

namespace systole::testing {
namespace {

const std::string kPage = std::string(SYSTOLE_SOURCE_DIR) + "/docs/dram.md";
constexpr std::string_view kBegin = "<!-- agreement: begin -->\n";
constexpr std::string_view kEnd = "<!-- agreement: end -->\n";

double per_cent_above(std::int64_t ours, std::int64_t reference) {
  return 100.0 * (static_cast<double>(ours) / static_cast<double>(reference) - 1);
}

std::int64_t own_cycles(const ReferenceRow& row) {
  return replay(shipped_standard(row.run.config), shipped_controller("ramulator2"), row.run)
      .cycles.count();
}

std::string cell(const std::string& per_cent) {
  return per_cent == "none" ? "" : fmt::format("{:+.2f} %", std::stod(per_cent));
}

std::string table() {
  std::string text =
      "| standard | mapping | pattern | window | R, cycles | Systole, cycles | time | DRAMsim3 | "
      "DRAMSys |\n|---|---|---|---|---|---|---|---|---|\n";
  for (const ReferenceRow& row : reference_rows()) {
    const std::int64_t ours = own_cycles(row);
    text += fmt::format(
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", row.run.config, row.run.mapping,
        row.run.pattern, row.run.window == 0 ? "unlimited" : std::to_string(row.run.window),
        row.cycles, ours,
        ours == row.cycles ? "equal" : fmt::format("{:+.2f} %", per_cent_above(ours, row.cycles)),
        cell(row.dramsim3), cell(row.dramsys));
  }
  return text;
}

TEST(Agreement, TheTableOfTheDocumentationIsThisModels) {
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
      << "if the change is meant: UPDATE_GOLDEN=1 ctest -R Agreement";
}

/// LPDDR4 keeps its standard here, not that of R's DDR3 model: ACT, RD and WR take four bus cycles,
/// PRE and REF two, so that commands collide and ACT to PRE grows by two cycles while PRE to ACT
/// shrinks by two; precharges are four cycles apart. The three simulators differ by up to 15 %.
TEST(Agreement, Lpddr4DiffersFromRByItsCommandBusAlone) {
  for (const ReferenceRow& row : reference_rows()) {
    if (row.run.config != "LPDDR4-3200") {
      continue;
    }
    EXPECT_LE(std::abs(per_cent_above(own_cycles(row), row.cycles)), 3.2) << row;
  }
}

}  // namespace
}  // namespace systole::testing
