#include "arch/fpga/read_fpga_part.h"

#include <fmt/format.h>

#include "arch/config/near_name.h"
#include "arch/config/quantity_text.h"
#include "arch/config/text_file.h"
#include "arch/named_file.h"
#include "arch/read_dram.h"
#include "arch/read_silicon.h"

namespace systole {

namespace {

constexpr std::int64_t kMega = 1'000'000;
constexpr std::int64_t kGiga = 1'000'000'000;
constexpr std::int64_t kTera = 1'000'000'000'000;
constexpr Range kCount{.min = 0, .max = kGiga};

std::vector<FpgaMemoryShape> read_shapes(const ConfigNode& node) {
  constexpr Range kSide{.min = 1, .max = kMega};
  std::vector<FpgaMemoryShape> shapes;
  for (const ConfigNode& shape : node.list("shapes")) {
    shapes.push_back(
        {.depth = shape.integer("depth", kSide), .bits = shape.integer("bits", kSide)});
    shape.finish();
  }
  if (shapes.empty()) {
    node.fail("shapes", "expected at least one shape, got none");
  }
  return shapes;
}

FpgaFabric read_fabric(const ConfigNode& node, std::string_view key) {
  const ConfigNode fabric = node.map(key);
  const FpgaFabric result{.luts = fabric.integer("luts", kCount),
                          .flip_flops = fabric.integer("flip_flops", kCount)};
  fabric.finish();
  return result;
}

void read_multipliers(const ConfigNode& node, FpgaPart& part) {
  part.multiplier_name = node.text("name");
  part.available.multipliers = node.integer("count", {.min = 1, .max = kMega});
  part.multipliers_per_lane = node.integer("per_vector_lane", {.min = 0, .max = 1024});
  const ConfigNode packing = node.map("packing");
  for (const auto& [kind, name] : kEnumNames<MacKind>) {
    if (!packing.has(name)) {
      continue;
    }
    const ConfigNode each = packing.map(name);
    part.packing[static_cast<std::size_t>(kind)] = {
        .macs = each.integer("macs", {.min = 1, .max = 1024}),
        .multipliers = each.integer("multipliers", {.min = 1, .max = 1024})};
    each.finish();
  }
  packing.finish();
  node.finish();
}

void read_memories(const ConfigNode& node, FpgaPart& part) {
  const ConfigNode blocks = node.map("block_memory");
  part.block_memory_name = blocks.text("name");
  part.available.block_memories = blocks.integer("count", {.min = 1, .max = kMega});
  part.block_shapes = read_shapes(blocks);
  blocks.finish();
  if (const auto large = node.optional_map("large_memory")) {
    part.large_memory_name = large->text("name");
    part.available.large_memories = large->integer("count", {.min = 1, .max = kMega});
    part.large_shapes = read_shapes(*large);
    large->finish();
  }
}

void read_fabrics(const ConfigNode& node, FpgaPart& part) {
  part.available.luts = node.integer("luts", {.min = 1, .max = kGiga});
  part.available.flip_flops = node.integer("flip_flops", {.min = 1, .max = kGiga});
  part.per_pe = read_fabric(node, "per_pe");
  part.per_lane = read_fabric(node, "per_vector_lane");
  part.per_memory_channel = read_fabric(node, "per_memory_channel");
  part.shell = read_fabric(node, "shell");
  node.finish();
}

void read_power(const ConfigNode& node, FpgaPart& part) {
  constexpr Range kEnergy{.min = 0, .max = kGiga};
  part.tdp = Watts(node.real("tdp_watts", {.min = 1, .max = 10'000}));
  part.energy = {.static_power = Watts(node.real("static_watts", {.min = 0, .max = 1000})),
                 .per_mac = node.energy("energy_per_mac", kEnergy),
                 .per_lut_cycle = node.energy("energy_per_lut_cycle", kEnergy),
                 .per_memory_byte = node.energy("energy_per_memory_byte", kEnergy),
                 .per_dram_byte = node.energy("energy_per_dram_byte", kEnergy)};
  node.finish();
}

}  // namespace

FpgaPartFile read_fpga_part(const std::string& file) {
  const ConfigNode node = ConfigNode::open(file);
  FpgaPart part;
  part.name = node.text("name");
  part.description = node.text("description");
  part.clock_limit = node.frequency("clock_limit", {.min = kMega, .max = 10 * kGiga});
  read_multipliers(node.map("multipliers"), part);
  read_memories(node, part);
  read_fabrics(node.map("fabric"), part);
  const ConfigNode memory = node.map("memory");
  part.memory_bandwidth = memory.bandwidth("bandwidth", {.min = kMega, .max = 100 * kTera});
  part.memory = memory.bytes("capacity", {.min = 1, .max = 100 * kTera});
  memory.finish();
  read_power(node.map("power"), part);
  if (const auto price = node.optional_real("price_usd", {.min = 0, .max = 1e9})) {
    part.price = Usd(*price);
  }
  node.finish();
  return {.part = std::move(part), .facts = figures_of(node)};
}

FpgaPartFile find_fpga_part(const ConfigNode& chip,
                            const std::vector<std::string>& dram_directories) {
  const std::string file =
      named_file(chip, "fpga", "an FPGA card", folders_beside(dram_directories, "fpga_parts"));
  return read_fpga_part(file);
}

}  // namespace systole
