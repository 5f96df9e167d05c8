#include "silicon/buildable_chip.h"

#include <cstdint>

#include <fmt/format.h>

#include "arch/config/quantity_text.h"
#include "silicon/area/area.h"
#include "silicon/cost/die.h"
#include "silicon/fpga/fpga_use.h"

namespace systole {

namespace {

/// `matrix_unit 8,192, vector_unit 512`: what takes most of it first in the order of components.
std::string takers(const std::vector<FpgaComponentUse>& use, std::int64_t FpgaResources::*member) {
  std::string text;
  for (const FpgaComponentUse& component : use) {
    if (component.use.*member > 0) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", component.component,
                          component.use.*member);
    }
  }
  return text;
}

struct Budget {
  std::string resource;
  std::int64_t FpgaResources::*member;
  std::string_view section;  ///< of the chip whose size decides
  std::string_view key;
};

void check_budget(const ConfigNode& node, const std::vector<FpgaComponentUse>& use,
                  const FpgaPart& part, const Budget& budget) {
  const std::int64_t needed = total_of(use).*budget.member;
  const std::int64_t available = part.available.*budget.member;
  if (needed > available) {
    node.map(budget.section)
        .fail(budget.key, fmt::format("expected a design of at most {} {} of part '{}', got '{}' "
                                      "({})",
                                      available, budget.resource, part.name, needed,
                                      takers(use, budget.member)));
  }
}

void check_kinds(const ConfigNode& node, const ChipSpec& chip, const FpgaPart& part) {
  const ConfigNode pace = node.map("matrix_unit").map("pace");
  for (const auto& [kind, name] : kEnumNames<MacKind>) {
    if (chip.matrix.supports(kind) && part.packing_of(kind).macs == 0) {
      pace.fail(name, fmt::format("expected a kind of operands that {} of part '{}' multiply, got "
                                  "'{}'",
                                  part.multiplier_name, part.name, name));
    }
  }
}

void check_rates(const ConfigNode& node, const ChipSpec& chip, const FpgaPart& part) {
  if (chip.frequency > part.clock_limit) {
    node.fail("clock",
              fmt::format("expected at most {}, the clock of large designs in part '{}', "
                          "got '{}'",
                          print_quantity(part.clock_limit.count(), kFrequencyUnits), part.name,
                          print_quantity(chip.frequency.count(), kFrequencyUnits)));
  }
  const BytesPerSecond bandwidth = chip.dram.peak_bandwidth();
  if (bandwidth > part.memory_bandwidth) {
    node.map("dram").fail(
        "channels",
        fmt::format("expected at most the memory bandwidth of {} of part '{}', got '{}'",
                    print_quantity(part.memory_bandwidth.count(), kBandwidthUnits), part.name,
                    print_quantity(bandwidth.count(), kBandwidthUnits)));
  }
  if (chip.dram.capacity > part.memory) {
    node.map("dram").fail("capacity",
                          fmt::format("expected at most the memory of {} of part '{}', got '{}'",
                                      print_quantity(part.memory.count(), kSizeUnits), part.name,
                                      print_quantity(chip.dram.capacity.count(), kSizeUnits)));
  }
}

void check_fpga(const ConfigNode& node, const ChipSpec& chip, const FpgaPart& part) {
  check_kinds(node, chip, part);
  const std::vector<FpgaComponentUse> use = fpga_use(chip, part);
  check_budget(node, use, part,
               {part.multiplier_name, &FpgaResources::multipliers, "matrix_unit", "rows"});
  check_budget(
      node, use, part,
      {part.large_memory_name, &FpgaResources::large_memories, "unified_buffer", "capacity"});
  check_budget(node, use, part,
               {part.block_memory_name, &FpgaResources::block_memories,
                part.large_shapes.empty() ? "unified_buffer" : "accumulators",
                part.large_shapes.empty() ? "capacity" : "entries"});
  check_budget(node, use, part, {"LUTs", &FpgaResources::luts, "matrix_unit", "rows"});
  check_budget(node, use, part, {"flip-flops", &FpgaResources::flip_flops, "matrix_unit", "rows"});
  check_rates(node, chip, part);
}

/// A die that no scanner exposes has no price.
void check_die(const ConfigNode& node, const ChipSpec& chip) {
  const SquareMillimetres die = chip.cost->die.value_or(chip_area(chip).die);
  if (die > kReticle || dies_per_wafer(chip.cost->prices.wafer, die) <= 0.0) {
    node.fail("cost", fmt::format("expected a die of at most {} mm2 (the reticle), got {:.0f} mm2",
                                  kReticle.count(), die.count()));
  }
}

}  // namespace

ChipSpec read_buildable_chip(const std::string& file,
                             const std::vector<std::string>& dram_directories) {
  return read_buildable_chip(ConfigNode::open(file), dram_directories);
}

ChipSpec read_buildable_chip(const ConfigNode& node,
                             const std::vector<std::string>& dram_directories) {
  ChipSpec chip = read_chip(node, dram_directories);
  if (chip.cost) {
    check_die(node, chip);
  }
  if (chip.fpga) {
    check_fpga(node, chip, *chip.fpga);
  }
  return chip;
}

}  // namespace systole
