#include "arch/technology/read_technology.h"

#include "arch/config/config_node.h"
#include "arch/read_dram.h"

namespace systole {

namespace {

constexpr RealRange kShare{.min = 0.0, .max = 1.0};
constexpr RealRange kPositiveShare{.min = 0.01, .max = 1.0};
constexpr RealRange kPicojoules{.min = 0.0, .max = 1e6};
constexpr RealRange kCellArea{.min = 0.0, .max = 1.0};  // mm2

LogicCell read_cell(const ConfigNode& node) {
  const LogicCell cell{.picojoules = node.measure("energy", kPicojouleUnits, kPicojoules),
                       .mm2 = node.measure("area", kAreaUnits, kCellArea)};
  node.finish();
  return cell;
}

void read_multipliers(const ConfigNode& node, Technology& technology) {
  for (const auto& [kind, name] : kEnumNames<MacKind>) {
    technology.multiplier[static_cast<std::size_t>(kind)] = read_cell(node.map(name));
  }
  technology.multiplier_int32 = read_cell(node.map("int32xint32"));
  technology.multiplier_fp32 = read_cell(node.map("fp32xfp32"));
  node.finish();
}

RegisterBit read_register(const ConfigNode& node) {
  const RegisterBit bit{.clock = node.measure("clock", kPicojouleUnits, kPicojoules),
                        .write = node.measure("write", kPicojouleUnits, kPicojoules),
                        .mm2 = node.measure("area", kAreaUnits, kCellArea)};
  node.finish();
  return bit;
}

SramModel read_sram(const ConfigNode& node) {
  const SramModel sram{
      .access = node.measure("access", kPicojouleUnits, {.min = -1e3, .max = 1e6}),
      .bit = node.measure("bit", kPicojouleUnits, kPicojoules),
      .root_bit = node.measure("root_bit", kPicojouleUnits, kPicojoules),
      .error = node.real("error", kShare),
      .write = node.real("write", {.min = 0.1, .max = 10.0}),
      .bit_cell_mm2 = node.measure("bit_cell", kAreaUnits, kCellArea),
      .cell_share = node.real("cell_share", kPositiveShare),
      .column_mm2 = node.measure("column", kAreaUnits, kCellArea),
      .leakage_w_per_mib = node.measure("leakage", kWattsPerMebiUnits, {.min = 0.0, .max = 1e3}),
  };
  node.finish();
  // The smallest macro that the fit holds for: a negative energy would be a mistake of the fit.
  constexpr std::int64_t kSmallestBits = 512 * 8;
  if (sram.read_picojoules(kSmallestBits, 1) <= 0.0) {
    node.fail("access", "expected an energy above 0 pJ for one bit of 512 B, got none");
  }
  return sram;
}

}  // namespace

Technology read_technology(const std::string& file) {
  const ConfigNode node = ConfigNode::open(file);
  (void)node.text("description");
  Technology technology;
  technology.name = node.text("name");
  technology.node_nm = node.measure("node", kNodeUnits, {.min = 1.0, .max = 1000.0});
  technology.volts = node.measure("voltage", kVoltUnits, {.min = 0.1, .max = 10.0});
  read_multipliers(node.map("multiplier"), technology);
  const ConfigNode adder = node.map("adder");
  technology.adder_int32 = read_cell(adder.map("int32"));
  technology.adder_fp32 = read_cell(adder.map("fp32"));
  adder.finish();
  technology.register_bit = read_register(node.map("register"));
  technology.sram = read_sram(node.map("sram"));
  technology.wire_pj_per_bit_mm = node.measure("wire", kWireUnits, kPicojoules);
  const ConfigNode clock = node.map("clock");
  technology.clock_tree = clock.real("tree", {.min = 0.0, .max = 10.0});
  technology.clock_gated = clock.real("gated", kShare);
  clock.finish();
  const ConfigNode logic = node.map("logic");
  technology.density_mtr_mm2 = logic.measure("density", kDensityUnits, {.min = 0.1, .max = 1e4});
  technology.placement = logic.real("placement", kPositiveShare);
  technology.logic_leakage_w_mm2 =
      logic.measure("leakage", kWattsPerAreaUnits, {.min = 0.0, .max = 10.0});
  technology.power_gated = logic.real("power_gated", kShare);
  logic.finish();
  technology.other_scaling = node.real("other_scaling", {.min = 0.01, .max = 100.0});
  node.finish();
  technology.facts = figures_of(node);
  return technology;
}

InterfaceSpec read_interface(const std::string& file) {
  const ConfigNode node = ConfigNode::open(file);
  (void)node.text("description");
  InterfaceSpec port;
  port.name = node.text("name");
  port.picojoules_per_bit = node.measure("energy", kPicojouleBitUnits, kPicojoules);
  port.idle = Watts(node.measure("idle", kWattUnits, {.min = 0.0, .max = 1e3}));
  port.phy = SquareMillimetres(node.measure("area", kAreaUnits, {.min = 0.0, .max = 1e3}));
  if (node.has("memory")) {
    port.memory = node.text("memory");
    port.bits = node.integer("bits", {.min = 1, .max = 65536});
  }
  port.controller_mtr = node.measure("controller", kTransistorUnits, {.min = 0.0, .max = 1e5});
  node.finish();
  port.facts = figures_of(node);
  return port;
}

}  // namespace systole
