#include <filesystem>

#include <fmt/format.h>

#include "arch/config/config_node.h"
#include "arch/config/text_file.h"
#include "arch/fpga/fpga_part.h"
#include "arch/read_dram.h"

namespace systole {

namespace {

constexpr std::int64_t kMost = 1'000'000'000;  // of any resource
constexpr Range kCount{.min = 1, .max = kMost};
constexpr Range kCost{.min = 0, .max = kMost};

MultiplierBlocks read_multipliers(const ConfigNode& node) {
  MultiplierBlocks blocks{.name = node.text("name"), .count = node.integer("count", kCount)};
  const ConfigNode macs = node.map("macs");
  for (const auto& [kind, name] : kEnumNames<MacKind>) {
    if (macs.has(name)) {
      blocks.macs[static_cast<std::size_t>(kind)] = macs.integer(name, {.min = 1, .max = 4096});
    }
  }
  macs.finish();
  node.finish();
  return blocks;
}

MemoryBlocks read_memory(const ConfigNode& node) {
  MemoryBlocks blocks{.name = node.text("name"),
                      .count = node.integer("count", kCount),
                      .bits = node.integer("bits", kCount)};
  for (const ConfigNode& width : node.list("widths")) {
    blocks.widths.push_back(width.as_integer({.min = 1, .max = blocks.bits}));
    if (blocks.bits % blocks.widths.back() != 0) {
      width.fail(fmt::format("expected a divisor of the {} bits, got {}", blocks.bits,
                             blocks.widths.back()));
    }
  }
  if (blocks.widths.empty()) {
    node.fail("widths", "expected at least one width, got none");
  }
  node.finish();
  return blocks;
}

LogicCost read_logic(const ConfigNode& node) {
  const LogicCost cost{.luts = node.integer("luts", kCost),
                       .flip_flops = node.integer("flip_flops", kCost)};
  node.finish();
  return cost;
}

void read_costs(const ConfigNode& node, FpgaPart& part) {
  part.pe = read_logic(node.map("pe"));
  part.float_pe = read_logic(node.map("float_pe"));
  part.lane = read_logic(node.map("lane"));
  part.shell = read_logic(node.map("shell"));
  part.lane_blocks = node.integer("lane_multipliers", kCost);
  part.lanes_per_blocks = node.integer("lanes_per_multipliers", {.min = 1, .max = 1024});
  node.finish();
}

}  // namespace

FpgaPart read_fpga_part(const std::string& file) {
  constexpr std::int64_t kMega = 1'000'000;
  constexpr std::int64_t kGiga = 1'000'000'000;
  constexpr std::int64_t kTebi = std::int64_t{1} << 40;
  const ConfigNode node = ConfigNode::open(file);
  FpgaPart part;
  part.name = node.text("name");
  part.description = node.text("description");
  part.luts = node.integer("luts", kCount);
  part.flip_flops = node.integer("flip_flops", kCount);
  part.multipliers = read_multipliers(node.map("multipliers"));
  for (const ConfigNode& memory : node.list("memories")) {
    part.memories.push_back(read_memory(memory));
  }
  if (part.memories.empty()) {
    node.fail("memories", "expected at least one kind of memory blocks, got none");
  }
  part.clock_limit = node.frequency("clock_limit", {.min = kMega, .max = 10 * kGiga});
  const ConfigNode dram = node.map("dram");
  part.dram_bandwidth = dram.bandwidth("bandwidth", {.min = kMega, .max = 100'000 * kGiga});
  part.dram_capacity = dram.bytes("capacity", {.min = 1, .max = kTebi});
  dram.finish();
  read_costs(node.map("costs"), part);
  node.finish();
  const std::string file_name = std::filesystem::path(file).stem().string();
  if (part.name != file_name) {
    node.fail("name", fmt::format("expected {}, as the file is named, got {}", file_name,
                                  in_quotes(part.name)));
  }
  part.facts = figures_of(node);
  return part;
}

}  // namespace systole
