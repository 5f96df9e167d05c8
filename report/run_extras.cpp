#include "report/run_extras.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "arch/fpga/fpga_power.h"
#include "arch/fpga/fpga_use.h"
#include "report/format.h"
#include "report/table.h"
#include "report/text.h"

namespace systole {

namespace {

using Json = nlohmann::ordered_json;
using Align = Column::Align;

constexpr double kFemtosecondsPerSecond = 1e15;
constexpr double kMillijoulesPerJoule = 1e3;

double seconds(Femtoseconds time) {
  return static_cast<double>(time.count()) / kFemtosecondsPerSecond;
}

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

std::string fpga_lines(const Result& result) {
  if (!result.chip.fpga) {
    return "";
  }
  const FpgaPart& part = *result.chip.fpga;
  const FpgaResources used = total_of(fpga_use(result.chip, part));
  std::string use;
  for (const Resource& resource : resources_of(part)) {
    use += fmt::format("{}{} % of {}", use.empty() ? "" : ", ",
                       percent(share_of(used.*resource.member, part.available.*resource.member)),
                       resource.name);
  }
  const FpgaPower power = fpga_power(result.chip, result.counters);
  return fmt::format(
      "\nFPGA card {}\n  used  {}\n  power {:.1f} W, modelled: static {:.1f}, fabric {:.1f}, "
      "products "
      "{:.1f}, memories {:.1f}, DRAM {:.1f}; TDP {:g}\n",
      part.name, use, power.total(), power.static_watts, power.fabric, power.multiply, power.memory,
      power.dram, part.tdp.count());
}

std::string spare(Femtoseconds time, Femtoseconds deadline) {
  const Femtoseconds difference = time <= deadline ? deadline - time : time - deadline;
  return fmt::format("{} ({} %) {}", duration(seconds(difference)),
                     percent(ratio(seconds(difference), seconds(deadline))),
                     time <= deadline ? "to spare" : "late");
}

std::string deadline_lines(const std::optional<DeadlineResult>& deadline, bool colour) {
  if (!deadline) {
    return "";
  }
  const WorstCase& worst = deadline->worst;
  std::string text =
      fmt::format("deadline {}: {}, {}", duration(seconds(deadline->deadline)),
                  deadline->met() ? "met" : "MISSED", spare(deadline->time, deadline->deadline));
  text = '\n' + styled(text, deadline->met() ? Style::Good : Style::Bad, colour) + '\n';
  if (!worst.bounded) {
    return text + "  worst case unknown: refreshes of single banks could take all of the time\n";
  }
  text +=
      fmt::format("  worst case {}: {}, {}\n", duration(seconds(worst.time)),
                  deadline->always_met() ? "met" : "MISSED", spare(worst.time, deadline->deadline));
  return text +
         (worst.refreshes == 0
              ? std::string("  nothing varies: the DRAM has no refresh\n")
              : fmt::format(
                    "  all {} DRAM refreshes that can fall into it cost {} each; nothing else "
                    "varies\n",
                    grouped(worst.refreshes), duration(seconds(worst.refresh))));
}

std::string device_lines(const Result& result, const std::vector<ComparedDevice>& devices,
                         bool colour) {
  if (devices.empty()) {
    return "";
  }
  const double chip = seconds(result.chip.clock().time_of(result.counters.elapsed));
  Table table({{"beside it, modelled", Align::Left},
               {"type"},
               {"time"},
               {"inferences/s"},
               {"W"},
               {"mJ/inference"},
               {"this chip is"}});
  for (const ComparedDevice& device : devices) {
    const std::optional<Joules> energy = device.energy_per_inference();
    table.add({"  " + on_one_line(device.name), std::string(name_of(device.type)),
               duration(device.seconds()), scaled_real(device.inferences_per_second(), ""),
               device.power ? fmt::format("{:.3g}", device.power->count()) : "-",
               energy ? fmt::format("{:.3g}", energy->count() * kMillijoulesPerJoule) : "-",
               fmt::format("{:.3g} x as fast", ratio(device.seconds(), chip))});
  }
  return '\n' + table.print(kReportWidth, colour);
}

Json resources_json(const FpgaResources& use) {
  return {{"multipliers", use.multipliers},
          {"block_memories", use.block_memories},
          {"large_memories", use.large_memories},
          {"luts", use.luts},
          {"flip_flops", use.flip_flops}};
}

Json fpga_json(const Result& result) {
  if (!result.chip.fpga) {
    return nullptr;
  }
  const FpgaPart& part = *result.chip.fpga;
  const FpgaPower power = fpga_power(result.chip, result.counters);
  Json components = Json::object();
  const std::vector<FpgaComponentUse> use = fpga_use(result.chip, part);
  for (const FpgaComponentUse& component : use) {
    components[component.component] = resources_json(component.use);
  }
  return {{"card", part.name},
          {"used", resources_json(total_of(use))},
          {"available", resources_json(part.available)},
          {"components", components},
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

Json deadline_json(const std::optional<DeadlineResult>& deadline) {
  if (!deadline) {
    return nullptr;
  }
  return {{"seconds", seconds(deadline->deadline)},
          {"met", deadline->met()},
          {"margin_seconds", seconds(deadline->deadline - deadline->time)},
          {"worst_case_seconds",
           deadline->worst.bounded ? Json(seconds(deadline->worst.time)) : Json()},
          {"worst_case_met", deadline->always_met()},
          {"worst_case_refreshes", deadline->worst.refreshes},
          {"refresh_seconds", seconds(deadline->worst.refresh)}};
}

Json device_json(const ComparedDevice& device) {
  const std::optional<Joules> energy = device.energy_per_inference();
  return {{"device", device.name},
          {"kind", name_of(device.kind)},
          {"type", name_of(device.type)},
          {"time_obtained", name_of(device.time_obtained)},
          {"seconds", device.seconds()},
          {"inferences_per_second", device.inferences_per_second()},
          {"utilisation", device.utilisation},
          {"power_obtained", device.power ? Json(name_of(device.power_obtained)) : Json()},
          {"watts", device.power ? Json(device.power->count()) : Json()},
          {"joules_per_inference", energy ? Json(energy->count()) : Json()}};
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

std::string extras_text(const Result& result, const RunExtras& extras, bool colour) {
  return fpga_lines(result) + deadline_lines(extras.deadline, colour) +
         device_lines(result, extras.devices, colour);
}

void add_extras(Json& json, const Result& result, const RunExtras& extras) {
  json["fpga"] = fpga_json(result);
  json["deadline"] = deadline_json(extras.deadline);
  Json devices = Json::array();
  for (const ComparedDevice& device : extras.devices) {
    devices.push_back(device_json(device));
  }
  json["devices"] = std::move(devices);
}

}  // namespace systole
