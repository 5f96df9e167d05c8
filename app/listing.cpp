#include "app/listing.h"

#include <array>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/catalogue.h"
#include "app/device_files.h"
#include "arch/chip_spec.h"
#include "arch/config/config_node.h"
#include "arch/fpga/read_fpga_part.h"
#include "arch/read_dram.h"
#include "arch/read_dram_controller.h"
#include "compiler/frontend/read_network.h"
#include "reference/devices/read_device.h"
#include "report/format.h"
#include "report/table.h"
#include "report/text.h"
#include "silicon/buildable_chip.h"
#include "study/run_figures.h"
#include "study/site.h"

namespace systole {

namespace {

using Align = Column::Align;

constexpr std::size_t kDescriptionWidth = 48;
constexpr std::size_t kLongDescription = 80;

std::string brief(std::string_view text) {
  return shortened(on_one_line(text), kDescriptionWidth);
}

void add_chip(Table& table, const Entry& entry) {
  try {
    const ChipSpec chip = read_buildable_chip(entry.file, dram_directories());
    table.add({on_one_line(entry.name), fmt::format("{:.3g}", chip_figures(chip).peak_tops),
               scaled(chip.dram.peak_bandwidth().count(), "B/s"),
               binary_bytes(chip.buffer.capacity.count()), brief(chip.description)});
  } catch (const UserError& error) {
    table.add({on_one_line(entry.name), "-", "-", "-", brief(error.what())}, Style::Bad);
  }
}

void add_device(Table& table, const Entry& entry) {
  try {
    const reference::DeviceSpec device = reference::read_device(entry.file, families_folder());
    const DataType type = device.preferred_type();
    table.add({on_one_line(entry.name),
               fmt::format("{:.3g}", 2 * device.peak_macs_per_second(type) / 1e12),
               std::string(name_of(type)), scaled(device.bandwidth.count(), "B/s"),
               fmt::format("{:g} W", device.tdp.count()), brief(device.description)});
  } catch (const UserError& error) {
    table.add({on_one_line(entry.name), "-", "-", "-", "-", brief(error.what())}, Style::Bad);
  }
}

void add_card(Table& table, const Entry& entry) {
  try {
    const FpgaPart part = read_fpga_part(entry.file).part;
    const std::string design = design_for_card(entry.name);
    table.add({on_one_line(entry.name),
               fmt::format("{} {}", grouped(part.available.multipliers), part.multiplier_name),
               scaled(part.memory_bandwidth.count(), "B/s"),
               fmt::format("{:g} W", part.tdp.count()),
               design.empty() ? "-" : std::filesystem::path(design).stem().string()});
  } catch (const UserError& error) {
    table.add({on_one_line(entry.name), "-", "-", "-", brief(error.what())}, Style::Bad);
  }
}

void add_network(Table& table, const Entry& entry) {
  try {
    const Graph graph = read_network(entry.file, {.numbers = false}).graph;
    std::int64_t macs = 0;
    std::int64_t parameters = 0;
    for (const Node& node : graph.nodes) {
      macs += macs_of(graph, node);
      parameters += parameters_of(graph, node);
    }
    table.add({on_one_line(entry.name), fmt::format("{}", graph.nodes.size()),
               scaled(macs / graph.batch), scaled(parameters), fmt::format("{}", graph.batch), ""});
  } catch (const UserError& error) {
    table.add({on_one_line(entry.name), "-", "-", "-", "-", brief(error.what())}, Style::Bad);
  }
}

void add_dram(Table& table, const Entry& entry) {
  try {
    const DramStandard standard = read_dram_standard(entry.file).standard;
    const DramSpec memory{.standard = standard, .channels = standard.channels};
    table.add({on_one_line(entry.name), fmt::format("{}", standard.channels),
               scaled(memory.peak_bandwidth().count(), "B/s"),
               binary_bytes(standard.organization.capacity().count() * standard.channels)});
  } catch (const UserError& error) {
    table.add({on_one_line(entry.name), "-", "-", brief(error.what())}, Style::Bad);
  }
}

void add_controller(Table& table, const Entry& entry) {
  try {
    (void)read_dram_controller(entry.file);
    const ConfigNode file = ConfigNode::open(entry.file);
    table.add(
        {on_one_line(entry.name),
         shortened(on_one_line(file.optional_text("description").value_or("")), kLongDescription)});
  } catch (const UserError& error) {
    table.add({on_one_line(entry.name), brief(error.what())}, Style::Bad);
  }
}

void add_site(Table& table, const Entry& entry) {
  try {
    table.add({on_one_line(entry.name),
               shortened(on_one_line(read_site(entry.file).description), kLongDescription)});
  } catch (const UserError& error) {
    table.add({on_one_line(entry.name), brief(error.what())}, Style::Bad);
  }
}

void add_study(Table& table, const Entry& entry) {
  try {
    const ConfigNode node = ConfigNode::open(entry.file);
    table.add({on_one_line(entry.name),
               shortened(on_one_line(node.text("description")), kLongDescription)});
  } catch (const UserError& error) {
    table.add({on_one_line(entry.name), brief(error.what())}, Style::Bad);
  }
}

}  // namespace

std::string list_catalogue(bool colour) {
  Table chips({{"chip", Align::Left}, {"TOPS"}, {"DRAM"}, {"buffer"}, {"", Align::Left}});
  for (const Entry& entry : entries(EntryKind::Chip)) {
    add_chip(chips, entry);
  }
  Table devices(
      {{"device", Align::Left}, {"TOPS"}, {"of"}, {"memory"}, {"TDP"}, {"", Align::Left}});
  for (const Entry& entry : entries(EntryKind::Device)) {
    add_device(devices, entry);
  }
  Table cards(
      {{"FPGA card", Align::Left}, {"multipliers"}, {"memory"}, {"TDP"}, {"chip", Align::Left}});
  for (const Entry& entry : entries(EntryKind::FpgaPart)) {
    add_card(cards, entry);
  }
  Table networks({{"network", Align::Left},
                  {"layers"},
                  {"MACs/input"},
                  {"parameters"},
                  {"batch"},
                  {"", Align::Left}});
  for (const Entry& entry : entries(EntryKind::Network)) {
    add_network(networks, entry);
  }
  Table standards({{"DRAM standard", Align::Left}, {"channels"}, {"peak"}, {"capacity"}});
  for (const Entry& entry : entries(EntryKind::Dram)) {
    add_dram(standards, entry);
  }
  Table controllers({{"DRAM controller", Align::Left}, {"", Align::Left}});
  for (const Entry& entry : entries(EntryKind::DramController)) {
    add_controller(controllers, entry);
  }
  Table sites({{"site", Align::Left}, {"", Align::Left}});
  for (const Entry& entry : entries(EntryKind::Site)) {
    add_site(sites, entry);
  }
  Table studies({{"study", Align::Left}, {"", Align::Left}});
  for (const Entry& entry : entries(EntryKind::Study)) {
    add_study(studies, entry);
  }
  return chips.print(kReportWidth, colour) + '\n' + devices.print(kReportWidth, colour) + '\n' +
         cards.print(kReportWidth, colour) + '\n' + networks.print(kReportWidth, colour) + '\n' +
         standards.print(kReportWidth, colour) + '\n' + controllers.print(kReportWidth, colour) +
         '\n' + sites.print(kReportWidth, colour) + '\n' + studies.print(kReportWidth, colour) +
         "\nRun one with 'systole run CHIP NETWORK'; look at a chip with 'systole describe "
         "CHIP';\nput chips and devices side by side with 'systole compare NETWORK'; explore a "
         "space of "
         "chips\nwith 'systole study run STUDY'.\n";
}

std::string list_names(bool json) {
  struct Kind {
    EntryKind kind;
    std::string_view word;  ///< one, for the command line
  };
  constexpr auto kKinds = std::to_array<Kind>({{EntryKind::Chip, "chip"},
                                               {EntryKind::Network, "network"},
                                               {EntryKind::Dram, "dram"},
                                               {EntryKind::DramController, "controller"},
                                               {EntryKind::Device, "device"},
                                               {EntryKind::FpgaPart, "card"},
                                               {EntryKind::Site, "site"},
                                               {EntryKind::Study, "study"}});
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  std::string text;
  for (const Kind& kind : kKinds) {
    for (const Entry& entry : entries(kind.kind)) {
      list.push_back({{"kind", kind.word}, {"name", entry.name}, {"file", entry.file}});
      text += fmt::format("{} {}\n", kind.word, on_one_line(entry.name));
    }
  }
  const nlohmann::ordered_json whole = {{"schema", "systole.list/1"}, {"entries", std::move(list)}};
  return json ? whole.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n'
              : text;
}

}  // namespace systole
