#include "report/fpga.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "arch/diag/check.h"
#include "report/format.h"
#include "report/table.h"
#include "report/text.h"
#include "silicon/fpga/fpga_power.h"
#include "silicon/fpga/fpga_use.h"

namespace systole {

namespace {

using Json = nlohmann::ordered_json;
using Align = Column::Align;

struct Resource {
  std::string_view name;
  std::int64_t FpgaResources::*member;
};

/// Those that the card has.
std::vector<Resource> resources_of(const FpgaPart& part) {
  std::vector<Resource> resources{{part.multiplier_name, &FpgaResources::multipliers},
                                  {part.block_memory_name, &FpgaResources::block_memories}};
  if (!part.large_shapes.empty()) {
    resources.push_back({part.large_memory_name, &FpgaResources::large_memories});
  }
  resources.push_back({"LUTs", &FpgaResources::luts});
  resources.push_back({"flip-flops", &FpgaResources::flip_flops});
  return resources;
}

double share_of(std::int64_t used, std::int64_t available) {
  return ratio(static_cast<double>(used), static_cast<double>(available));
}

std::string use_line(const Result& result) {
  const FpgaPart& part = *result.chip.fpga;
  const FpgaResources used = total_of(fpga_use(result.chip, part));
  std::string use;
  for (const Resource& resource : resources_of(part)) {
    use += fmt::format("{}{} % of {}", use.empty() ? "" : ", ",
                       percent(share_of(used.*resource.member, part.available.*resource.member)),
                       resource.name);
  }
  return use;
}

std::string power_line(const FpgaPower& power, Watts tdp) {
  return fmt::format(
      "{:.1f} W of {:g} W ({} %): static {:.1f}, fabric {:.1f}, products {:.1f}, "
      "memory {:.1f}, DRAM {:.1f}",
      power.total(), tdp.count(), percent(ratio(power.total(), tdp.count())), power.static_watts,
      power.fabric, power.multiply, power.memory, power.dram);
}

std::string energy_line(const ComparedDevice& row) {
  SYSTOLE_CHECK(row.power, "a run on {} without power", row.name);
  return fmt::format("{} an inference, {:.3g} TOPS/W",
                     engineering(row.energy_per_inference()->count(), "J"), *row.tops_per_watt());
}

std::string cost_line(const ComparedDevice& row) {
  if (!row.price) {
    return "no price of the card is known";
  }
  const std::string bought = fmt::format("a card at {:.0f} $", row.price->count());
  return row.own_per_million ? fmt::format("{}, owned: {:.4g} $ a million inferences", bought,
                                           row.own_per_million->count())
                             : bought;
}

Json resources_json(const FpgaResources& use) {
  return {{"multipliers", use.multipliers},
          {"block_memories", use.block_memories},
          {"large_memories", use.large_memories},
          {"luts", use.luts},
          {"flip_flops", use.flip_flops}};
}

}  // namespace

std::string fpga_table(const ChipSpec& chip, bool colour) {
  if (!chip.fpga) {
    return "";
  }
  const FpgaPart& part = *chip.fpga;
  const std::vector<Resource> resources = resources_of(part);
  std::vector<Column> columns{{"use of " + part.name, Align::Left}};
  for (const Resource& resource : resources) {
    columns.push_back({std::string(resource.name), Align::Right});
  }
  Table table(columns);
  const auto add = [&](const std::string& name, const FpgaResources& use) {
    std::vector<std::string> cells{"  " + name};
    for (const Resource& resource : resources) {
      cells.push_back(use.*resource.member == 0 ? "-" : grouped(use.*resource.member));
    }
    table.add(std::move(cells));
  };
  const std::vector<FpgaComponentUse> use = fpga_use(chip, part);
  for (const FpgaComponentUse& component : use) {
    add(component.component, component.use);
  }
  const FpgaResources total = total_of(use);
  add("together", total);
  add("available", part.available);
  std::vector<std::string> shares{"  used"};
  for (const Resource& resource : resources) {
    shares.push_back(percent(share_of(total.*resource.member, part.available.*resource.member)) +
                     " %");
  }
  table.add(std::move(shares));
  return table.print(kReportWidth, colour) + '\n';
}

std::string fpga_text(const Result& result, const ComparedDevice& row) {
  if (!result.chip.fpga) {
    return "";
  }
  const FpgaPart& part = *result.chip.fpga;
  return fmt::format(
      "\nFPGA card {} (counts simulated, power and cost modelled)\n  used    {}\n  power   {}\n"
      "  energy  {}\n  cost    {}\n",
      part.name, use_line(result), power_line(fpga_power(result.chip, result.counters), part.tdp),
      energy_line(row), cost_line(row));
}

nlohmann::ordered_json fpga_json(const Result& result, const ComparedDevice& row) {
  if (!result.chip.fpga) {
    return nullptr;
  }
  SYSTOLE_CHECK(row.power, "a run on {} without power", row.name);
  const FpgaPart& part = *result.chip.fpga;
  const FpgaPower power = fpga_power(result.chip, result.counters);
  Json components = Json::object();
  const std::vector<FpgaComponentUse> use = fpga_use(result.chip, part);
  for (const FpgaComponentUse& component : use) {
    components[component.component] = resources_json(component.use);
  }
  return {
      {"card", part.name},
      {"used", resources_json(total_of(use))},
      {"available", resources_json(part.available)},
      {"components", components},
      {"joules_per_inference", row.energy_per_inference()->count()},
      {"tops_per_watt", *row.tops_per_watt()},
      {"price_usd", row.price ? Json(row.price->count()) : Json()},
      {"own_usd_per_million", row.own_per_million ? Json(row.own_per_million->count()) : Json()},
      {"watts",
       {{"obtained", name_of(Obtained::Modelled)},
        {"total", power.total()},
        {"static", power.static_watts},
        {"fabric", power.fabric},
        {"products", power.multiply},
        {"memories", power.memory},
        {"dram", power.dram},
        {"tdp", part.tdp.count()}}}};
}

}  // namespace systole
