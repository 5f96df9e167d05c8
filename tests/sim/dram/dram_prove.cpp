/// Checks commands of random traffic against JEDEC's rules, millions for every standard that ships:
/// `dram_prove [COMMANDS]`. Exit code 1 where a rule is broken.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "arch/read_dram.h"
#include "tests/sim/dram/command_checker.h"
#include "tests/sim/dram/random_traffic.h"
#include "tests/sim/dram/reference_data.h"

namespace systole::testing {
namespace {

std::int64_t prove(const DramStandard& standard, std::int64_t commands) {
  std::int64_t violations = 0;
  std::int64_t checked = 0;
  for (std::uint64_t seed = 1; checked < commands; ++seed) {
    DramControllerSpec spec = shipped_controller("reference");
    spec.page_policy = seed % 3 == 0 ? PagePolicy::Timeout : PagePolicy::Open;
    spec.page_timeout = DramCycles(100);
    spec.starvation_limit = DramCycles(seed % 2 == 0 ? 2000 : 0);
    spec.postponed_refreshes = seed % 4;
    spec.refresh = seed % 2 == 0 ? RefreshKind::PerBankIfAny : RefreshKind::AllBank;
    spec.refresh_blocks = seed % 3 == 0 ? RefreshBlocks::Channel : RefreshBlocks::Refreshed;
    spec.power_down = DramCycles(seed % 3 == 1 ? 40 : 0);
    const BitFieldMap map(standard, *address_order(seed % 2 == 0 ? "bgi" : "lin"));
    RandomBursts bursts(map, 500'000, seed);
    CommandChecker checker(standard);
    (void)replay_channel(standard, spec, map, 0, 0, bursts,
                         [&](const DramCommand& command) { checker.observe(command); });
    checked += checker.commands();
    violations += checker.violations();
    for (const std::string& line : checker.lines()) {
      fmt::print("{}: {}\n", standard.name, line);
    }
  }
  fmt::print("{}: {} commands, {} violations\n", standard.name, checked, violations);
  return violations;
}

}  // namespace
}  // namespace systole::testing

int main(int argc, char** argv) {
  const std::int64_t commands = argc > 1 ? std::atoll(argv[1]) : 10'000'000;
  std::vector<std::string> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(SYSTOLE_SOURCE_DIR) + "/configs/dram")) {
    files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  std::int64_t violations = 0;
  for (const std::string& file : files) {
    systole::DramStandard standard = systole::read_dram_standard(file).standard;
    standard.channels = 1;
    violations += systole::testing::prove(standard, commands);
  }
  return violations == 0 ? 0 : 1;
}
