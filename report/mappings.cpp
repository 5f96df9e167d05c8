#include "report/mappings.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "report/format.h"
#include "report/labelled.h"
#include "report/table.h"

namespace systole {

namespace {

using Align = Column::Align;
using Json = nlohmann::ordered_json;

/// Whether each that was tried is on the front.
std::vector<bool> on_front(const SearchedMappings& searched) {
  std::vector<bool> on(searched.tried.size(), false);
  for (const std::size_t index : mapping_front(searched.tried)) {
    on[index] = true;
  }
  return on;
}

std::vector<std::size_t> shown(const MappingsReport& report) {
  if (report.front) {
    return mapping_front(report.searched.tried);
  }
  std::vector<std::size_t> all(report.searched.tried.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

std::string more_text(double value, double own) {
  return own == 0 ? std::string("-") : fmt::format("{:+.1f} %", (value - own) / own * kHundred);
}

/// A text cell of a CSV file.
std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) {
    return text;
  }
  std::string cell = "\"";
  for (const char letter : text) {
    cell += letter == '"' ? std::string("\"\"") : std::string(1, letter);
  }
  return cell + '"';
}

}  // namespace

std::string mappings_text(const MappingsReport& report, const TextOptions& options) {
  const std::vector<TriedMapping>& tried = report.searched.tried;
  const std::vector<bool> front = on_front(report.searched);
  const bool simulated = tried.front().simulated;
  std::string text = styled(fmt::format("{} on {}: mappings", on_one_line(report.graph.name),
                                        on_one_line(report.chip.name)),
                            Style::Heading, options.colour);
  text += fmt::format("\nbatch {}, {} {}, the best by {} marked >{}\n\n", report.graph.batch,
                      tried.size(), simulated ? "simulated" : "by the cost model",
                      name_of(report.objective), report.front ? "" : ", those of the front *");
  Table table({{"mapping", Align::Left},
               {"", Align::Left},
               {"cycles"},
               {"time"},
               {"DRAM"},
               {"bytes"},
               {"energy"},
               {"joules"}});
  const TriedMapping& own = tried.front();
  for (const std::size_t index : shown(report)) {
    const TriedMapping& one = tried[index];
    const std::string mark = std::string(index == report.searched.best ? ">" : "") +
                             (front[index] && !report.front ? "*" : "");
    table.add({on_one_line(one.how), mark, grouped(one.cycles.count()),
               more_text(static_cast<double>(one.cycles.count()),
                         static_cast<double>(own.cycles.count())),
               scaled(one.dram_bytes, "B"),
               more_text(static_cast<double>(one.dram_bytes), static_cast<double>(own.dram_bytes)),
               one.joules ? engineering(*one.joules, "J") : "-",
               one.joules ? more_text(*one.joules, *own.joules) : "-"});
  }
  return text + table.print(options.width, options.colour);
}

std::string mappings_json(const MappingsReport& report) {
  const std::vector<bool> front = on_front(report.searched);
  Json mappings = Json::array();
  for (const std::size_t index : shown(report)) {
    const TriedMapping& one = report.searched.tried[index];
    mappings.push_back({{"how", one.how},
                        {"cycles", one.cycles.count()},
                        {"dram_bytes", one.dram_bytes},
                        {"joules", one.joules ? Json(*one.joules) : Json()},
                        {"simulated", one.simulated},
                        {"estimated_cycles", one.estimate.cycles.count()},
                        {"estimated_dram_bytes", one.estimate.dram.count()},
                        {"front", static_cast<bool>(front[index])},
                        {"best", index == report.searched.best}});
  }
  const Json json{{"schema", "systole.map/1"},
                  {"chip", report.chip.name},
                  {"network", report.graph.name},
                  {"batch", report.graph.batch},
                  {"objective", name_of(report.objective)},
                  {"mappings", std::move(mappings)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string mappings_csv(const MappingsReport& report) {
  const std::vector<bool> front = on_front(report.searched);
  std::string text = "how,cycles,dram_bytes,joules,simulated,front,best\n";
  for (const std::size_t index : shown(report)) {
    const TriedMapping& one = report.searched.tried[index];
    text +=
        fmt::format("{},{},{},{},{},{},{}\n", quoted(one.how), one.cycles.count(), one.dram_bytes,
                    one.joules ? fmt::format("{}", *one.joules) : "", one.simulated,
                    static_cast<bool>(front[index]), index == report.searched.best);
  }
  return text;
}

}  // namespace systole
