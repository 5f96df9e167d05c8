#include "arch/read_dram.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "arch/config/cross_check.h"
#include "arch/config/quantity_text.h"
#include "arch/config/text_file.h"

namespace systole {

namespace {

constexpr std::int64_t kMaxTiming = 1'000'000;

DramOrganization read_organization(const ConfigNode& node) {
  const DramOrganization organization{
      .bus_bits = power_of_two(node, "bus_bits", {.min = 8, .max = 1024}),
      .burst_length = power_of_two(node, "burst_length", {.min = 1, .max = 64}),
      .ranks = power_of_two(node, "ranks", {.min = 1, .max = 8}),
      .bank_groups = power_of_two(node, "bank_groups", {.min = 1, .max = 16}),
      .banks_per_group = power_of_two(node, "banks_per_group", {.min = 1, .max = 32}),
      .rows = power_of_two(node, "rows", {.min = 1, .max = 1 << 20}),
      .bursts_per_row = power_of_two(node, "bursts_per_row", {.min = 1, .max = 4096}),
  };
  node.finish();
  return organization;
}

DramTiming read_timing(const ConfigNode& node) {
  const auto cycles = [&node](std::string_view key, std::int64_t min = 1) {
    return node.dram_cycles(key, {.min = min, .max = kMaxTiming});
  };
  constexpr std::int64_t kPicosecond = 1000;
  const DramTiming timing{
      .tCK = node.duration("tCK", {.min = 50 * kPicosecond, .max = 100'000 * kPicosecond}),
      .nBL = cycles("nBL"),
      .nCL = cycles("nCL"),
      .nCWL = cycles("nCWL"),
      .nRCD = cycles("nRCD"),
      .nRP = cycles("nRP"),
      .nRAS = cycles("nRAS"),
      .nRC = cycles("nRC"),
      .nRRD_S = cycles("nRRD_S"),
      .nRRD_L = cycles("nRRD_L"),
      .nFAW = cycles("nFAW"),
      .nCCD_S = cycles("nCCD_S"),
      .nCCD_L = cycles("nCCD_L"),
      .nWTR_S = cycles("nWTR_S"),
      .nWTR_L = cycles("nWTR_L"),
      .nWR = cycles("nWR"),
      .nRTP = cycles("nRTP"),
      .nRTW = cycles("nRTW"),
      .nREFI = cycles("nREFI", 0),
      .nRFC = cycles("nRFC", 0),
  };
  node.finish();
  return timing;
}

/// A timing, or a sum of timings, under the name that messages use.
struct Timing {
  std::string_view name;
  DramCycles value;
};

void require_at_least(const ConfigNode& node, const Timing& value, const Timing& other) {
  if (value.value < other.value) {
    node.fail(value.name, fmt::format("expected at least {} ({}), got '{}'", other.name,
                                      print_quantity(other.value.count(), kCycleUnits),
                                      print_quantity(value.value.count(), kCycleUnits)));
  }
}

/// Orders that every standard keeps and that the controller model relies on.
void check_timing(const ConfigNode& node, const DramTiming& timing) {
  require_at_least(node, {"nRAS", timing.nRAS}, {"nRCD", timing.nRCD});
  require_at_least(node, {"nRC", timing.nRC}, {"nRAS + nRP", timing.nRAS + timing.nRP});
  require_at_least(node, {"nRRD_L", timing.nRRD_L}, {"nRRD_S", timing.nRRD_S});
  require_at_least(node, {"nFAW", timing.nFAW}, {"nRRD_S", timing.nRRD_S});
  require_at_least(node, {"nCCD_S", timing.nCCD_S}, {"nBL", timing.nBL});
  require_at_least(node, {"nCCD_L", timing.nCCD_L}, {"nCCD_S", timing.nCCD_S});
  require_at_least(node, {"nWTR_L", timing.nWTR_L}, {"nWTR_S", timing.nWTR_S});
  if (timing.nREFI > DramCycles(0)) {
    require_at_least(node, {"nREFI", timing.nREFI},
                     {"nRFC + nRP + nRC", timing.nRFC + timing.nRP + timing.nRC});
  }
}

}  // namespace

DramStandardFile read_dram_standard(const std::string& file) {
  const ConfigNode node = ConfigNode::open(file);
  const std::string name = node.text("name");
  (void)node.text("description");
  const ConfigNode organization = node.map("organization");
  const ConfigNode timing = node.map("timing");
  DramStandardFile result;
  result.standard.name = name;
  result.standard.organization = read_organization(organization);
  result.standard.timing = read_timing(timing);
  node.finish();

  const std::string file_name = std::filesystem::path(file).stem().string();
  if (name != file_name) {
    node.fail("name",
              fmt::format("expected {}, as the file is named, got {}", file_name, in_quotes(name)));
  }
  const std::int64_t burst_length = result.standard.organization.burst_length;
  const DramCycles burst_cycles = result.standard.timing.nBL;
  if (burst_length % burst_cycles.count() != 0) {
    fail_against(
        {.node = timing, .key = "nBL", .shown = print_quantity(burst_cycles.count(), kCycleUnits)},
        "a divisor of",
        {.node = organization, .key = "burst_length", .shown = fmt::format("{}", burst_length)});
  }
  check_timing(timing, result.standard.timing);
  result.facts = figures_of(node);
  return result;
}

std::string find_dram_file(const std::string& name, const std::vector<std::string>& directories) {
  for (const std::string& candidate : dram_names(directories)) {
    if (candidate != name) {
      continue;
    }
    for (const std::string& directory : directories) {
      const auto file = std::filesystem::path(directory) / (name + ".yaml");
      if (std::filesystem::exists(file)) {
        return file.string();
      }
    }
  }
  return {};
}

std::vector<std::string> dram_names(const std::vector<std::string>& directories) {
  std::vector<std::string> names;
  for (const std::string& directory : directories) {
    std::error_code unreadable;  // a directory that does not exist has no standards
    for (const auto& entry : std::filesystem::directory_iterator(directory, unreadable)) {
      if (entry.path().extension() == ".yaml") {
        names.push_back(entry.path().stem().string());
      }
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::vector<Fact> figures_of(const ConfigNode& root) {
  std::vector<Fact> facts = root.facts();
  std::erase_if(facts,
                [](const Fact& fact) { return fact.path == "name" || fact.path == "description"; });
  return facts;
}

}  // namespace systole
