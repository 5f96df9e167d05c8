#include <algorithm>

#include <fmt/format.h>

#include "arch/config/config_node.h"
#include "arch/config/text_file.h"
#include "arch/cost/prices.h"
#include "arch/read_dram.h"

namespace systole {

namespace {

constexpr RealRange kShare{.min = 0.0, .max = 1.0};
constexpr RealRange kPositiveShare{.min = 0.01, .max = 1.0};
constexpr RealRange kFactor{.min = 0.01, .max = 10.0};  // with kDefects: yields stay above 1e-300
constexpr RealRange kPrice{.min = 0.0, .max = 1e12};
constexpr RealRange kClustering{.min = 0.1, .max = 1000.0};
constexpr RealRange kDefects{.min = 0.0, .max = 5.0};
constexpr RealRange kYears{.min = 0.1, .max = 100.0};
constexpr RealRange kDensity{.min = 0.1, .max = 1e4};

Usd price(const ConfigNode& node, std::string_view key) {
  return Usd(node.measure(key, kUsdUnits, kPrice));
}

double per_mm2(const ConfigNode& node, std::string_view key) {
  return node.measure(key, kUsdPerAreaUnits, kPrice);
}

WaferInputs read_wafer(const ConfigNode& node) {
  const WaferInputs wafer{
      .count = node.choice<DieCount>("count"),
      .diameter_mm = node.measure("diameter", kLengthUnits, {.min = 200.0, .max = 1000.0}),
      .scribe_mm = node.measure("scribe", kLengthUnits, {.min = 0.0, .max = 10.0}),
      .edge_loss_mm = node.measure("edge_loss", kLengthUnits, {.min = 0.0, .max = 20.0}),
  };
  node.finish();
  return wafer;
}

YieldInputs read_yield(const ConfigNode& node) {
  const YieldInputs process{.model = node.choice<YieldModel>("model"),
                            .clustering = node.real("clustering", kClustering)};
  node.finish();
  return process;
}

NodePrices read_node(const ConfigNode& node, const std::string& technology) {
  NodePrices prices{
      .technology = technology,
      .wafer = price(node, "wafer"),
      .defects_per_cm2 = node.measure("defects", kDefectUnits, kDefects),
      .density_mtr_mm2 = node.measure("density", kDensityUnits, kDensity),
      .design_of_300mm2 = price(node, "design_300mm2"),
      .mask_set = price(node, "mask_set"),
      .ip_licences = price(node, "ip_licences"),
      .backend_usd_per_gate = price(node, "backend_a_gate").count(),
  };
  node.finish();
  return prices;
}

BottomUpInputs read_engineering(const ConfigNode& node) {
  const BottomUpInputs engineering{
      .transistors_per_gate = node.real("transistors_per_gate", {.min = 1.0, .max = 100.0}),
      .frontend_usd_per_year = price(node, "frontend_a_year"),
      .frontend_tools_usd_per_month = price(node, "frontend_tools_a_month"),
      .backend_tools_usd_per_month = price(node, "backend_tools_a_month"),
      .package_design = price(node, "package_design"),
  };
  node.finish();
  return engineering;
}

PackageInputs read_package(const ConfigNode& node) {
  const PackageInputs package{
      .substrate_area_factor = node.real("substrate_area_factor", kFactor),
      .substrate_usd_per_mm2 = per_mm2(node, "substrate"),
      .layers_factor = node.real("layers_factor", kFactor),
      .c4_bump_usd_per_mm2 = per_mm2(node, "c4_bump"),
      .bonding_yield = node.real("bonding_yield", kPositiveShare),
      .assembly = price(node, "assembly"),
      .test_share = node.real("test_share", kShare),
  };
  node.finish();
  return package;
}

/// An interposer comes from wafers of the same size, cut the same way.
InterposerInputs read_interposer(const ConfigNode& node, const WaferInputs& wafer) {
  InterposerInputs interposer{
      .area_factor = node.real("area_factor", kFactor),
      .wafer = wafer,
      .process = {.model = YieldModel::NegativeBinomial,
                  .defects_per_cm2 = node.measure("defects", kDefectUnits, kDefects),
                  .clustering = node.real("clustering", kClustering)},
      .micro_bump_usd_per_mm2 = per_mm2(node, "micro_bump"),
      .bonding_yield = node.real("bonding_yield", kPositiveShare),
  };
  interposer.wafer.price = price(node, "wafer");
  return interposer;
}

std::vector<MemoryPrice> read_memory(const ConfigNode& node) {
  std::vector<MemoryPrice> prices;
  for (const std::string& name : node.keys()) {
    prices.push_back({name, node.measure(name, kUsdPerGigabyteUnits, kPrice)});
  }
  return prices;
}

SiteInputs read_operation(const ConfigNode& node) {
  return {
      .utilisation = node.real("utilisation", kPositiveShare),
      .pue = node.real("pue", {.min = 1.0, .max = 10.0}),
      .electricity = UsdPerKilowattHour(
          node.measure("electricity", kUsdPerKwhUnits, {.min = 0.0, .max = 100.0})),
      .site_capital =
          UsdPerWatt(node.measure("site_capital", kUsdPerWattUnits, {.min = 0.0, .max = 1e4})),
      .site_years = node.measure("site_years", kYearUnits, kYears),
      .device_years = node.measure("device_years", kYearUnits, kYears),
  };
}

PriceRange read_range(const ConfigNode& node, std::string_view key) {
  const ConfigNode range = node.map(key);
  const PriceRange read{.low = range.real("low", kFactor), .high = range.real("high", kFactor)};
  range.finish();
  if (read.low > read.high) {
    range.fail("low", fmt::format("expected at most high ({}), got '{}'", read.high, read.low));
  }
  return read;
}

PriceRanges read_ranges(const ConfigNode& node) {
  const PriceRanges ranges{
      .wafer = read_range(node, "wafer"),
      .defects = read_range(node, "defects"),
      .memory = read_range(node, "memory"),
      .board = read_range(node, "board"),
      .server = read_range(node, "server"),
      .electricity = read_range(node, "electricity"),
      .power = read_range(node, "power"),
      .years = read_range(node, "years"),
      .utilisation = read_range(node, "utilisation"),
      .volume = read_range(node, "volume"),
      .nre = read_range(node, "nre"),
  };
  node.finish();
  return ranges;
}

}  // namespace

const NodePrices* Prices::node(std::string_view technology) const {
  const auto found = std::find_if(nodes.begin(), nodes.end(), [&](const NodePrices& prices) {
    return prices.technology == technology;
  });
  return found == nodes.end() ? nullptr : &*found;
}

const MemoryPrice* Prices::memory_named(std::string_view wanted) const {
  const auto found = std::find_if(memory.begin(), memory.end(),
                                  [&](const MemoryPrice& price) { return price.name == wanted; });
  return found == memory.end() ? nullptr : &*found;
}

Prices read_prices(const std::string& file) {
  const ConfigNode node = ConfigNode::open(file);
  Prices prices;
  prices.name = node.text("name");
  (void)node.text("description");
  prices.date = node.text("date");
  prices.wafer = read_wafer(node.map("wafer"));
  prices.process = read_yield(node.map("yield"));
  const ConfigNode nodes = node.map("nodes");
  for (const std::string& technology : nodes.keys()) {
    prices.nodes.push_back(read_node(nodes.map(technology), technology));
  }
  prices.engineering = read_engineering(node.map("engineering"));
  prices.package = read_package(node.map("package"));
  const ConfigNode interposer = node.map("interposer");
  prices.interposer = read_interposer(interposer, prices.wafer);
  prices.memory_stack =
      SquareMillimetres(interposer.measure("stack", kAreaUnits, {.min = 0.0, .max = 1e3}));
  interposer.finish();
  prices.memory = read_memory(node.map("memory"));
  const ConfigNode operation = node.map("operation");
  prices.site = read_operation(operation);
  prices.margin = operation.real("margin", {.min = 0.0, .max = 0.99});
  operation.finish();
  prices.ranges = read_ranges(node.map("ranges"));
  node.finish();
  prices.facts = figures_of(node);
  return prices;
}

}  // namespace systole
