#include "reference/devices/read_device.h"

#include <filesystem>

#include <fmt/format.h>

#include "arch/config/config_node.h"
#include "arch/config/cross_check.h"
#include "arch/config/quantity_text.h"
#include "arch/config/text_file.h"
#include "arch/read_dram.h"

namespace systole::reference {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMega = 1'000'000;
constexpr std::int64_t kGiga = 1'000'000'000;
constexpr std::int64_t kTera = 1'000'000'000'000;
constexpr std::int64_t kSecond = 1'000'000'000'000'000;  // in femtoseconds
constexpr RealRange kShare{.min = 0.01, .max = 1};
constexpr RealRange kMoney{.min = 0, .max = 1e9};
constexpr RealRange kWatts{.min = 0, .max = 10'000};

std::vector<OutputTile> read_tiles(const ConfigNode& node) {
  constexpr Range kSide{.min = 1, .max = 4096};
  std::vector<OutputTile> tiles;
  for (const ConfigNode& tile : node.list("tiles")) {
    tiles.push_back({.rows = tile.integer("rows", kSide), .cols = tile.integer("columns", kSide)});
    tile.finish();
  }
  if (tiles.empty()) {
    node.fail("tiles", "expected at least one tile, got none");
  }
  return tiles;
}

std::vector<std::int64_t> read_splits(const ConfigNode& node) {
  std::vector<std::int64_t> splits;
  for (const ConfigNode& split : node.list("k_splits")) {
    splits.push_back(split.as_integer({.min = 1, .max = 256}));
  }
  if (splits.empty()) {
    node.fail("k_splits", "expected at least one number, got none");
  }
  return splits;
}

std::vector<SoftwareStack> read_stacks(const ConfigNode& node) {
  constexpr Range kTime{.min = 0, .max = kSecond};
  std::vector<SoftwareStack> stacks;
  for (const std::string& name : node.keys()) {
    const ConfigNode stack = node.map(name);
    stacks.push_back({.name = name,
                      .launch = stack.duration("launch", kTime),
                      .host_launch = stack.duration("host_launch", kTime),
                      .call = stack.duration("call", kTime),
                      .fused = stack.boolean("fused")});
    stack.finish();
  }
  if (stacks.empty()) {
    node.fail("expected at least one software stack, got none");
  }
  return stacks;
}

std::vector<EnergyPerMac> read_mac_energies(const ConfigNode& node) {
  std::vector<EnergyPerMac> energies;
  for (const auto& [type, name] : kEnumNames<DataType>) {
    if (node.has(name)) {
      energies.push_back({type, node.energy(name, {.min = 0, .max = kGiga})});
    }
  }
  node.finish();
  return energies;
}

void read_rates_into(DeviceFamily& family, const ConfigNode& node) {
  constexpr RealRange kCycles{.min = 0, .max = 1e6};
  family.mac_efficiency = node.real("mac_efficiency", kShare);
  family.cycles_per_tile = node.real("cycles_per_tile", kCycles);
  family.cycles_per_output = node.real("cycles_per_output", kCycles);
  family.cycles_per_operation = node.real("cycles_per_operation", kCycles);
  family.attention_factor = node.real("attention_factor", {.min = 0, .max = 1000});
  family.cache_bytes_per_cycle = node.real("cache_bytes_per_cycle", {.min = 0.1, .max = 1e6});
  family.shared_cache_bytes_per_cycle =
      node.real("shared_cache_bytes_per_cycle", {.min = 0.1, .max = 1e6});
  family.vector_macs_per_cycle = node.real("vector_macs_per_cycle", {.min = 0.1, .max = 1e6});
  family.memory_efficiency = node.real("memory_efficiency", kShare);
  family.cache_share = node.real("cache_share", {.min = 0, .max = 1});
}

std::vector<MacRate> read_rates(const ConfigNode& node) {
  std::vector<MacRate> rates;
  for (const auto& [type, name] : kEnumNames<DataType>) {
    if (node.has(name)) {
      rates.push_back({type, node.integer(name, {.min = 1, .max = kMega})});
    }
  }
  node.finish();
  if (rates.empty()) {
    node.fail("expected the rate of at least one type, got none");
  }
  return rates;
}

/// The vendor's figure and ours (2 operations a MAC) may differ by rounding and by which clock the
/// vendor had in mind.
void check_peaks(const ConfigNode& node, const DeviceSpec& device) {
  constexpr double kTolerance = 0.05;
  const std::optional<ConfigNode> peaks = node.optional_map("published_tops");
  if (!peaks) {
    return;
  }
  for (const auto& [type, name] : kEnumNames<DataType>) {
    if (!peaks->has(name)) {
      continue;
    }
    const double tops = peaks->real(name, {.min = 0.001, .max = 1e6});
    const double own = 2 * device.peak_macs_per_second(type) / static_cast<double>(kTera);
    if (own < tops * (1 - kTolerance) || own > tops * (1 + kTolerance)) {
      peaks->fail(name, fmt::format("expected {:.4g}, which units, macs_per_cycle and clock give, "
                                    "within 5 %, got '{:g}'",
                                    own, tops));
    }
  }
  peaks->finish();
}

void read_power(const ConfigNode& node, DeviceSpec& device) {
  device.tdp = Watts(node.real("tdp_watts", kWatts));
  device.idle = Watts(node.real("idle_watts", kWatts));
  device.busy = Watts(node.optional_real("busy_watts", kWatts).value_or(device.tdp.count()));
  node.finish();
  if (device.idle >= device.busy) {
    fail_against({node, "idle_watts", fmt::format("{:g}", device.idle.count())}, "less than",
                 {node, node.has("busy_watts") ? "busy_watts" : "tdp_watts",
                  fmt::format("{:g}", device.busy.count())});
  }
}

void read_prices(const ConfigNode& node, DeviceSpec& device) {
  if (const auto price = node.optional_real("price_usd", kMoney)) {
    device.price = Usd(*price);
  }
  if (const auto rent = node.optional_map("rent")) {
    device.rent = RentPrice{.price = UsdPerHour(rent->real("usd_per_hour", kMoney)),
                            .devices = rent->integer("devices", {.min = 1, .max = 1024})};
    rent->finish();
  }
}

/// Every type that the device multiplies has an energy in its family.
void check_energies(const ConfigNode& node, const DeviceSpec& device) {
  for (const MacRate& rate : device.rates) {
    bool known = false;
    for (const EnergyPerMac& energy : device.family.energy_per_mac) {
      known = known || energy.type == rate.type;
    }
    if (!known) {
      node.fail(name_of(rate.type),
                fmt::format("expected a type with energy_per_mac in family '{}', got '{}'",
                            device.family.name, name_of(rate.type)));
    }
  }
}

DeviceFamily family_of(const ConfigNode& node, const std::string& file,
                       const std::string& families) {
  const std::string name = node.text("family");
  const fs::path beside = fs::path(file).parent_path() / ".." / "device_families";
  for (const fs::path& folder : {beside, fs::path(families)}) {
    const fs::path candidate = (folder / (name + ".yaml")).lexically_normal();
    std::error_code ignored;
    if (!folder.empty() && fs::is_regular_file(candidate, ignored)) {
      return read_device_family(candidate.string());
    }
  }
  node.fail("family", fmt::format("expected the name of a device family, a file in {}, got {}",
                                  beside.lexically_normal().string(), in_quotes(name)));
}

}  // namespace

DeviceFamily read_device_family(const std::string& file) {
  const ConfigNode node = ConfigNode::open(file);
  DeviceFamily family;
  family.name = node.text("name");
  static_cast<void>(node.text("description"));
  family.calibrated = node.boolean("calibrated");
  family.tiles = read_tiles(node);
  family.k_splits = read_splits(node);
  family.k_step = node.integer("k_step", {.min = 1, .max = 1024});
  read_rates_into(family, node);
  family.inputs_at_once =
      node.optional_integer("inputs_at_once", {.min = 1, .max = kMega}).value_or(0);
  family.kept_weights = node.choice<KeptWeights>("kept_weights");
  family.independent_units = node.boolean("independent_units");
  const ConfigNode power = node.map("power");
  family.voltage_floor = power.real("voltage_floor", kShare);
  family.active_share = power.real("active_share", {.min = 0, .max = 1});
  family.energy_per_byte = power.energy("energy_per_byte", {.min = 0, .max = kGiga});
  family.energy_per_mac = read_mac_energies(power.map("energy_per_mac"));
  power.finish();
  family.stacks = read_stacks(node.map("stacks"));
  node.finish();
  family.facts = figures_of(node);
  return family;
}

DeviceSpec read_device(const std::string& file, const std::string& families) {
  const ConfigNode node = ConfigNode::open(file);
  DeviceSpec device;
  device.file = file;
  device.name = node.text("name");
  device.description = node.text("description");
  device.kind = node.choice<DeviceClass>("class");
  device.family = family_of(node, file, families);
  device.units = node.integer("units", {.min = 1, .max = 65'536});
  device.clock = node.frequency("clock", {.min = kMega, .max = 10 * kGiga});
  const ConfigNode rates = node.map("macs_per_cycle");
  device.rates = read_rates(rates);
  check_energies(rates, device);
  check_peaks(node, device);
  device.bandwidth = node.bandwidth("memory_bandwidth", {.min = kMega, .max = 100 * kTera});
  device.memory = node.bytes("memory", {.min = 1, .max = 100 * kTera});
  device.cache = node.bytes("cache", {.min = 1, .max = kTera});
  read_power(node.map("power"), device);
  device.companion_macs_per_second =
      node.optional_integer("companion_int8_gmacs", {.min = 0, .max = kMega}).value_or(0) * kGiga;
  read_prices(node, device);
  node.finish();
  device.facts = figures_of(node);
  return device;
}

}  // namespace systole::reference
