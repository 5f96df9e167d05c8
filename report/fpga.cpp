#include "report/fpga.h"

#include <fmt/format.h>

#include "report/figures.h"
#include "report/format.h"
#include "report/table.h"
#include "report/text.h"

namespace systole {

namespace {

std::string share(const ResourceUse& use) {
  return percent(ratio(static_cast<double>(use.used), static_cast<double>(use.available))) + " %";
}

}  // namespace

std::string fpga_table(const FpgaFit& fit, bool colour) {
  Table table({{on_one_line(fit.part), Column::Align::Left}, {"used"}, {"available"}, {"share"}});
  for (const ResourceUse& use : fit.uses) {
    table.add(
        {"  " + on_one_line(use.resource), grouped(use.used), grouped(use.available), share(use)});
  }
  return table.print(kReportWidth, colour);
}

std::string fpga_line(const FpgaFit& fit) {
  std::string line = on_one_line(fit.part) + ":";
  std::string_view separator = " ";
  for (const ResourceUse& use : fit.uses) {
    line += fmt::format("{}{} {}", separator, on_one_line(use.resource), share(use));
    separator = ", ";
  }
  return line;
}

nlohmann::ordered_json fpga_json(const FpgaFit& fit) {
  nlohmann::ordered_json resources = nlohmann::ordered_json::array();
  for (const ResourceUse& use : fit.uses) {
    resources.push_back(
        {{"resource", use.resource}, {"used", use.used}, {"available", use.available}});
  }
  return {{"part", fit.part}, {"resources", resources}};
}

}  // namespace systole
