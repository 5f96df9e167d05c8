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
  const std::int64_t bus_bits = power_of_two(node, "bus_bits", {.min = 8, .max = 1024});
  const DramOrganization organization{
      .pseudo_channels = node.has("pseudo_channels")
                             ? power_of_two(node, "pseudo_channels", {.min = 1, .max = 4})
                             : 1,
      .bus_bits = bus_bits,
      .device_bits = node.has("device_bits")
                         ? power_of_two(node, "device_bits", {.min = 4, .max = bus_bits})
                         : bus_bits,
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
  const auto cycles_or = [&](std::string_view key, DramCycles other) {
    return node.has(key) ? cycles(key, 0) : other;
  };
  constexpr DramCycles kRankSwitch{2};
  const DramCycles activate_to_read = cycles("nRCD");
  constexpr std::int64_t kPicosecond = 1000;
  const DramTiming timing{
      .tCK = node.duration("tCK", {.min = 50 * kPicosecond, .max = 100'000 * kPicosecond}),
      .nBL = cycles("nBL"),
      .nCL = cycles("nCL"),
      .nCWL = cycles("nCWL"),
      .nRCD = activate_to_read,
      .nRCDWR = node.has("nRCDWR") ? cycles("nRCDWR") : activate_to_read,
      .nRP = cycles("nRP"),
      .nRAS = cycles("nRAS"),
      .nRC = cycles("nRC"),
      .nRRD_S = cycles("nRRD_S"),
      .nRRD_L = cycles("nRRD_L"),
      .nFAW = cycles("nFAW"),
      .n32AW = cycles_or("n32AW", DramCycles(0)),
      .nCCD_S = cycles("nCCD_S"),
      .nCCD_L = cycles("nCCD_L"),
      .nWTR_S = cycles("nWTR_S"),
      .nWTR_L = cycles("nWTR_L"),
      .nWR = cycles("nWR"),
      .nRTP = cycles("nRTP"),
      .nRTW = cycles("nRTW"),
      .nRTRS = cycles_or("nRTRS", kRankSwitch),
      .nPPD = cycles_or("nPPD", DramCycles(0)),
      .nREFI = cycles("nREFI", 0),
      .nRFC = cycles("nRFC", 0),
      .nRFCpb = cycles_or("nRFCpb", DramCycles(0)),
      .nPBR2PBR = cycles_or("nPBR2PBR", DramCycles(0)),
      .nCKE = cycles_or("nCKE", DramCycles(0)),
      .nXP = cycles_or("nXP", DramCycles(0)),
  };
  node.finish();
  return timing;
}

DramCommandBus read_command_bus(const ConfigNode& node) {
  constexpr std::int64_t kMaxLength = 8;
  const auto length = [&](std::string_view key) {
    return node.dram_cycles(key, {.min = 1, .max = kMaxLength});
  };
  const DramCommandBus bus{
      .split = node.boolean("split"),
      .activate = length("activate"),
      .precharge = length("precharge"),
      .column = length("column"),
      .refresh = length("refresh"),
  };
  node.finish();
  return bus;
}

DramPower read_power(const ConfigNode& node) {
  const auto current = [&](std::string_view key) {
    constexpr std::int64_t kAmpere = 1'000'000;
    return node.current(key, {.min = 0, .max = 100 * kAmpere});
  };
  const auto per_bit = [&](std::string_view key) {
    constexpr std::int64_t kNanojoule = 1'000'000;
    return node.energy(key, {.min = 0, .max = kNanojoule});
  };
  constexpr std::int64_t kVolt = 1'000'000;
  const DramPower power{
      .VDD = node.voltage("VDD", {.min = kVolt / 10, .max = 10 * kVolt}),
      .IDD0 = current("IDD0"),
      .IDD2P = current("IDD2P"),
      .IDD2N = current("IDD2N"),
      .IDD3P = current("IDD3P"),
      .IDD3N = current("IDD3N"),
      .IDD4W = current("IDD4W"),
      .IDD4R = current("IDD4R"),
      .IDD5AB = current("IDD5AB"),
      .IDD5PB = node.has("IDD5PB") ? current("IDD5PB") : Microamperes(0),
      .io_read = per_bit("io_read"),
      .io_write = per_bit("io_write"),
  };
  node.finish();
  return power;
}

/// A figure, or a sum of figures, under the name that messages use.
struct Figure {
  std::string_view name;
  std::int64_t value = 0;
};

void require_at_least(const ConfigNode& node, const QuantityUnits& units, const Figure& figure,
                      const Figure& other) {
  if (figure.value < other.value) {
    node.fail(figure.name,
              fmt::format("expected at least {} ({}), got '{}'", other.name,
                          print_quantity(other.value, units), print_quantity(figure.value, units)));
  }
}

/// `with` says nothing without `key`.
void require_both(const ConfigNode& node, std::string_view key, DramCycles value,
                  std::string_view with, DramCycles other) {
  if (value > DramCycles(0) && other == DramCycles(0)) {
    node.fail(key, fmt::format("expected {} beside it, got {} alone", with, key));
  }
}

/// Refreshes that never end: `work` cycles of a kind, `times` in each nREFI.
void check_refresh(const ConfigNode& node, const DramOrganization& shape, const DramTiming& timing,
                   const DramCommandBus& bus) {
  const auto fits = [&](std::string_view what, DramCycles cycles) {
    require_at_least(node, kCycleUnits, {"nREFI", timing.nREFI.count()}, {what, cycles.count()});
  };
  require_at_least(node, kCycleUnits, {"nRFC", timing.nRFC.count()}, {"nRC", timing.nRC.count()});
  fits("nRFC + nRP + nRC", timing.nRFC + timing.nRP + timing.nRC);
  const std::int64_t ranks = shape.pseudo_channels * shape.ranks;
  fits("a refresh command for each rank", bus.refresh * ranks);
  if (timing.nRFCpb == DramCycles(0)) {
    return;
  }
  require_at_least(node, kCycleUnits, {"nRFC", timing.nRFC.count()},
                   {"nRFCpb", timing.nRFCpb.count()});
  require_at_least(node, kCycleUnits, {"nRFCpb", timing.nRFCpb.count()},
                   {"nPBR2PBR", timing.nPBR2PBR.count()});
  const bool has_gap = timing.nPBR2PBR > DramCycles(0);
  const DramCycles gap = has_gap ? timing.nPBR2PBR : timing.nRFCpb;
  fits(has_gap ? "nPBR2PBR for each bank of a rank" : "nRFCpb for each bank of a rank",
       gap * shape.banks_per_rank());
  fits("a refresh command for each bank", bus.refresh * shape.banks());
}

/// Orders that every standard keeps and that the controller model relies on.
void check_timing(const ConfigNode& node, const DramOrganization& shape, const DramTiming& timing,
                  const DramCommandBus& bus) {
  const auto at_least = [&node](std::string_view name, DramCycles value, std::string_view other,
                                DramCycles bound) {
    require_at_least(node, kCycleUnits, {name, value.count()}, {other, bound.count()});
  };
  at_least("nRAS", timing.nRAS, "nRCD", timing.nRCD);
  at_least("nRAS", timing.nRAS, "nRCDWR", timing.nRCDWR);
  at_least("nRC", timing.nRC, "nRAS + nRP", timing.nRAS + timing.nRP);
  at_least("nRRD_L", timing.nRRD_L, "nRRD_S", timing.nRRD_S);
  at_least("nFAW", timing.nFAW, "nRRD_S", timing.nRRD_S);
  if (timing.n32AW > DramCycles(0)) {
    at_least("n32AW", timing.n32AW, "nFAW", timing.nFAW);
  }
  at_least("nCCD_S", timing.nCCD_S, "nBL", timing.nBL);
  at_least("nCCD_L", timing.nCCD_L, "nCCD_S", timing.nCCD_S);
  at_least("nWTR_L", timing.nWTR_L, "nWTR_S", timing.nWTR_S);
  // A write's first beat follows a read's last.
  at_least("nRTW", timing.nRTW, "nCL + nBL - nCWL", timing.nCL + timing.nBL - timing.nCWL);
  require_both(node, "nPBR2PBR", timing.nPBR2PBR, "nRFCpb", timing.nRFCpb);
  require_both(node, "nCKE", timing.nCKE, "nXP", timing.nXP);
  require_both(node, "nXP", timing.nXP, "nCKE", timing.nCKE);
  if (timing.nREFI > DramCycles(0)) {
    check_refresh(node, shape, timing, bus);
  }
}

/// The energy of every command is a difference of two of these (dram_energy.h).
void check_currents(const ConfigNode& node, const DramPower& power) {
  const auto at_least = [&node](std::string_view name, Microamperes value, std::string_view other,
                                Microamperes bound) {
    require_at_least(node, kCurrentUnits, {name, value.count()}, {other, bound.count()});
  };
  at_least("IDD2N", power.IDD2N, "IDD2P", power.IDD2P);
  at_least("IDD3N", power.IDD3N, "IDD2N", power.IDD2N);
  at_least("IDD3N", power.IDD3N, "IDD3P", power.IDD3P);
  at_least("IDD0", power.IDD0, "IDD3N", power.IDD3N);
  at_least("IDD4R", power.IDD4R, "IDD3N", power.IDD3N);
  at_least("IDD4W", power.IDD4W, "IDD3N", power.IDD3N);
  at_least("IDD5AB", power.IDD5AB, "IDD3N", power.IDD3N);
  if (power.IDD5PB > Microamperes(0)) {
    at_least("IDD5PB", power.IDD5PB, "IDD3N", power.IDD3N);
  }
}

}  // namespace

DramStandardFile read_dram_standard(const std::string& file) {
  const ConfigNode node = ConfigNode::open(file);
  DramStandardFile result;
  const std::string name = node.text("name");
  (void)node.text("description");
  result.standard.channels =
      node.has("channels") ? power_of_two(node, "channels", {.min = 1, .max = 128}) : 1;
  const ConfigNode organization = node.map("organization");
  const ConfigNode timing = node.map("timing");
  result.standard.name = name;
  result.standard.organization = read_organization(organization);
  result.standard.timing = read_timing(timing);
  if (const auto bus = node.optional_map("command_bus")) {
    result.standard.bus = read_command_bus(*bus);
  }
  const auto power = node.optional_map("power");
  if (power) {
    result.standard.power = read_power(*power);
  }
  node.finish();

  const std::string file_name = std::filesystem::path(file).stem().string();
  if (name != file_name) {
    node.fail("name",
              fmt::format("expected {}, as the file is named, got {}", file_name, in_quotes(name)));
  }
  if (const std::int64_t banks = result.standard.organization.banks(); banks > kMostBanks) {
    node.fail("organization",
              fmt::format("expected at most {} banks a channel, got {}", kMostBanks, banks));
  }
  const std::int64_t burst_length = result.standard.organization.burst_length;
  const DramCycles burst_cycles = result.standard.timing.nBL;
  if (burst_length % burst_cycles.count() != 0) {
    fail_against(
        {.node = timing, .key = "nBL", .shown = print_quantity(burst_cycles.count(), kCycleUnits)},
        "a divisor of",
        {.node = organization, .key = "burst_length", .shown = fmt::format("{}", burst_length)});
  }
  check_timing(timing, result.standard.organization, result.standard.timing, result.standard.bus);
  if (power) {
    check_currents(*power, *result.standard.power);
  }
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
