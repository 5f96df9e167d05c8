#include "tests/sim/dram/reference_data.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <memory>
#include <sstream>

#include "arch/read_dram.h"
#include "arch/read_dram_controller.h"
#include "sim/dram/replay.h"

namespace systole::testing {
namespace {

std::string data_file(const std::string& name) {
  return std::string(SYSTOLE_SOURCE_DIR) + "/tests/sim/dram/data/" + name;
}

}  // namespace

DramStandard shipped_standard(const std::string& name) {
  std::string file = name;
  std::transform(file.begin(), file.end(), file.begin(), [](unsigned char letter) {
    return letter == '-' ? '_' : static_cast<char>(std::tolower(letter));
  });
  return read_dram_standard(std::string(SYSTOLE_SOURCE_DIR) + "/configs/dram/" + file + ".yaml")
      .standard;
}

DramControllerSpec shipped_controller(const std::string& name) {
  return read_dram_controller(std::string(SYSTOLE_SOURCE_DIR) + "/configs/dram_controllers/" +
                              name + ".yaml");
}

DramStandard as_reference_knew_it(DramStandard standard) {
  if (standard.name.starts_with("lpddr4")) {
    standard.bus = {};
    standard.timing.nPPD = DramCycles(0);
  }
  return standard;
}

std::ostream& operator<<(std::ostream& out, const ReferenceRun& run) {
  return out << run.config << ' ' << run.mapping << ' ' << run.pattern << " window " << run.window;
}

std::ostream& operator<<(std::ostream& out, const ReferenceRow& row) {
  return out << row.run;
}

std::ostream& operator<<(std::ostream& out, const ReferenceLog& log) {
  return out << log.run;
}

std::vector<ReferenceRow> reference_rows() {
  std::ifstream file(data_file("reference_runs.csv"));
  std::vector<ReferenceRow> rows;
  std::string line;
  std::getline(file, line);  // names of the columns
  while (std::getline(file, line)) {
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream words(line);
    ReferenceRow row;
    words >> row.run.config >> row.run.mapping >> row.run.pattern >> row.run.window >>
        row.run.requests >> row.cycles >> row.latency_mean >> row.latency_p50 >> row.latency_p99 >>
        row.latency_max >> row.activates >> row.precharges >> row.precharges_all >> row.refreshes >>
        std::hex >> row.trace_hash >> row.dramsim3 >> row.dramsys;
    rows.push_back(row);
  }
  return rows;
}

std::vector<ReferenceLog> reference_logs(const std::string& name) {
  std::ifstream file(data_file(name));
  std::vector<ReferenceLog> logs;
  std::string word;
  while (file >> word) {
    if (word == "run") {
      ReferenceLog& log = logs.emplace_back();
      file >> log.run.config >> log.run.mapping >> log.run.pattern >> log.run.requests;
    } else {
      logs.back().tokens.push_back(word);
    }
  }
  return logs;
}

DramRunResult replay(const DramStandard& standard, const DramControllerSpec& controller,
                     const ReferenceRun& run, const DramCommandObserver& commands,
                     const CompletionObserver& completions) {
  const BitFieldMap map(standard, *address_order(run.mapping));
  const RequestPattern pattern = *value_named<RequestPattern>(run.pattern);
  return systole::replay(
      standard, controller, map, run.window,
      [&] { return std::make_unique<PatternSource>(pattern, map, run.requests); }, commands,
      completions);
}

}  // namespace systole::testing
