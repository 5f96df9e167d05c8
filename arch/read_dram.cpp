#include "arch/read_dram.h"

#include <bit>

#include <fmt/format.h>

#include "arch/config/config_node.h"

namespace systole {

namespace {

constexpr std::int64_t kMaxCycles = 1'000'000;

std::int64_t power_of_two(const ConfigNode& node, std::string_view key, std::int64_t min,
                          std::int64_t max) {
  const std::int64_t value = node.integer(key, {.min = min, .max = max});
  if (!std::has_single_bit(static_cast<std::uint64_t>(value))) {
    node.fail(key, fmt::format("expected a power of two, got '{}'", value));
  }
  return value;
}

DramOrganization read_organization(const ConfigNode& node) {
  const DramOrganization organization{
      .bus_bits = power_of_two(node, "bus_bits", 8, 4096),
      .burst_length = power_of_two(node, "burst_length", 2, 64),
      .ranks = power_of_two(node, "ranks", 1, 16),
      .bank_groups = power_of_two(node, "bank_groups", 1, 16),
      .banks_per_group = power_of_two(node, "banks_per_group", 1, 64),
      .rows = power_of_two(node, "rows", 1, std::int64_t{1} << 24),
      .bursts_per_row = power_of_two(node, "bursts_per_row", 1, 4096),
  };
  node.finish();
  return organization;
}

DramTiming read_timing(const ConfigNode& node) {
  const auto cycles = [&](std::string_view key, std::int64_t min) {
    return node.dram_cycles(key, {.min = min, .max = kMaxCycles});
  };
  const DramTiming timing{
      .tCK = node.duration("tCK", {.min = 10'000, .max = 100'000'000}),
      .nBL = cycles("nBL", 1),
      .nCL = cycles("nCL", 1),
      .nCWL = cycles("nCWL", 1),
      .nRCD = cycles("nRCD", 1),
      .nRP = cycles("nRP", 1),
      .nRAS = cycles("nRAS", 1),
      .nRC = cycles("nRC", 1),
      .nRRD_S = cycles("nRRD_S", 1),
      .nRRD_L = cycles("nRRD_L", 1),
      .nFAW = cycles("nFAW", 1),
      .nCCD_S = cycles("nCCD_S", 1),
      .nCCD_L = cycles("nCCD_L", 1),
      .nWTR_S = cycles("nWTR_S", 1),
      .nWTR_L = cycles("nWTR_L", 1),
      .nWR = cycles("nWR", 1),
      .nRTP = cycles("nRTP", 1),
      .nRTW = cycles("nRTW", 1),
      .nREFI = cycles("nREFI", 0),
      .nRFC = cycles("nRFC", 0),
  };
  node.finish();
  return timing;
}

/// Rules between timings, each told at the later one.
void check_timing(const ConfigNode& node, const DramTiming& timing) {
  const auto at_least = [&](std::string_view key, DramCycles value, std::string_view rule,
                            DramCycles bound) {
    if (value < bound) {
      node.fail(key, fmt::format("expected at least {} = {} cycles, got '{} cycles'", rule,
                                 bound.count(), value.count()));
    }
  };
  at_least("nRC", timing.nRC, "nRAS + nRP", timing.nRAS + timing.nRP);
  at_least("nRAS", timing.nRAS, "nRCD", timing.nRCD);
  at_least("nRRD_L", timing.nRRD_L, "nRRD_S", timing.nRRD_S);
  at_least("nCCD_S", timing.nCCD_S, "nBL", timing.nBL);
  at_least("nCCD_L", timing.nCCD_L, "nCCD_S", timing.nCCD_S);
  at_least("nWTR_L", timing.nWTR_L, "nWTR_S", timing.nWTR_S);
  if (timing.nREFI > DramCycles(0)) {
    const DramCycles busy = timing.nRFC + timing.nRP + timing.nRC;
    at_least("nREFI", timing.nREFI, "nRFC + nRP + nRC", busy);
  }
}

}  // namespace

DramStandardFile read_dram_standard(const std::string& file) {
  const ConfigNode root = ConfigNode::open(file);
  DramStandardFile result;
  result.standard.name = root.text("name");
  static_cast<void>(root.text("description"));
  result.standard.organization = read_organization(root.map("organization"));
  const ConfigNode timing = root.map("timing");
  result.standard.timing = read_timing(timing);
  root.finish();
  check_timing(timing, result.standard.timing);
  result.facts = root.facts();
  return result;
}

}  // namespace systole
