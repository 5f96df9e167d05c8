#include "arch/read_silicon.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "arch/energy/accelergy.h"
#include "arch/named_file.h"
#include "arch/technology/read_technology.h"

namespace systole {

namespace {

namespace fs = std::filesystem;

/// The actions of one component: those of its own name, and `leakage`.
void read_energies_of(const ConfigNode& node, Component component, SiliconSpec& silicon) {
  const auto origin = [&node] {
    return fmt::format("{}:{}", node.location().file, node.location().line);
  };
  for (int index = 0; index < kActionCount; ++index) {
    const auto action = static_cast<Action>(index);
    const ActionName name = action_name(action);
    if (name.owner == component && node.has(name.name)) {
      const double energy = node.measure(name.name, kPicojouleUnits, {.min = 0.0, .max = 1e9});
      silicon.energies.push_back({action, energy, origin()});
    }
  }
  if (node.has("leakage")) {
    const double watts = node.measure("leakage", kWattUnits, {.min = 0.0, .max = 1e4});
    silicon.leakages.push_back({component, watts, origin()});
  }
  node.finish();
}

/// Components that files may name: those that a table of actions or parts knows.
constexpr auto kOwners = std::to_array<Component>(
    {Component::MatrixUnit, Component::Accumulators, Component::UnifiedBuffer,
     Component::WeightFifo, Component::VectorUnit, Component::Control, Component::Interconnect,
     Component::DramInterface, Component::HostLink});

/// Reads the file that a key names; an error in it says where it was named.
template <class Read>
void named_here(const ConfigNode& node, std::string_view key, const Read& read) {
  const std::string file = beside(node, node.text(key));
  try {
    read(file);
  } catch (const ConfigError& error) {
    const SourceLocation where = node.child(key).location();
    throw ConfigError(fmt::format("{} (named at {}:{}:{}: {}.{})", error.what(), where.file,
                                  where.line, where.column, node.path(), key));
  }
}

void read_energies(const ConfigNode& node, SiliconSpec& silicon) {
  for (const Component component : kOwners) {
    if (const auto actions = node.optional_map(name_of(component))) {
      read_energies_of(*actions, component, silicon);
    }
  }
  node.finish();
}

void read_areas(const ConfigNode& node, SiliconSpec& silicon) {
  for (const Component component : kOwners) {
    if (component != Component::Interconnect && node.has(name_of(component))) {
      silicon.areas.push_back(
          {component, node.measure(name_of(component), kAreaUnits, {.min = 0.0, .max = 1e4}),
           fmt::format("{}:{}", node.location().file, node.location().line)});
    }
  }
  node.finish();
}

SiliconSpec read_section(const ConfigNode& node, const std::vector<std::string>& directories) {
  const std::vector<std::string> interfaces = folders_beside(directories, "interfaces");
  SiliconSpec silicon{
      .dram_port = read_interface(named_file(node, "dram_interface", "an interface", interfaces)),
      .host_port = read_interface(named_file(node, "host_interface", "an interface", interfaces)),
      .tdp = Watts(node.measure("tdp", kWattUnits, {.min = 0.001, .max = 1e5})),
      .idle = node.choice<IdleMode>("idle"),
      .supply_efficiency = node.real("supply_efficiency", {.min = 0.1, .max = 1.0}),
      .activity = node.real("activity", {.min = 0.0, .max = 2.0}),
      .control_mtr = node.measure("control", kTransistorUnits, {.min = 0.0, .max = 1e6}),
      .instruction_picojoules =
          node.measure("instruction", kPicojouleUnits, {.min = 0.0, .max = 1e9}),
      .unplaced = node.real("unplaced", {.min = 0.0, .max = 0.9}),
  };
  if (const auto energies = node.optional_map("energy")) {
    read_energies(*energies, silicon);
  }
  if (const auto areas = node.optional_map("area")) {
    read_areas(*areas, silicon);
  }
  return silicon;
}

}  // namespace

std::vector<std::string> folders_beside(const std::vector<std::string>& directories,
                                        std::string_view name) {
  std::vector<std::string> found;
  found.reserve(directories.size());
  for (const std::string& directory : directories) {
    const fs::path path = fs::path(directory) / ".." / name;
    found.push_back(path.lexically_normal().string());
  }
  return found;
}

std::optional<SiliconSpec> read_silicon(const ConfigNode& chip,
                                        const std::vector<std::string>& dram_directories) {
  const bool has_technology = chip.has("technology");
  if (!chip.has("silicon")) {
    if (has_technology) {
      chip.fail("silicon", "expected a map beside technology, got nothing");
    }
    return std::nullopt;
  }
  if (!has_technology) {
    chip.fail("technology", "expected a technology for silicon, got nothing");
  }
  const std::string file = named_file(chip, "technology", "a technology",
                                      folders_beside(dram_directories, "technologies"));
  const ConfigNode node = chip.map("silicon");
  SiliconSpec silicon = read_section(node, dram_directories);
  silicon.technology = read_technology(file);
  return silicon;
}

void read_silicon_tables(const ConfigNode& chip, Hertz clock, MacKind native,
                         SiliconSpec& silicon) {
  const ConfigNode node = chip.map("silicon");
  if (node.has("energy_table")) {
    named_here(node, "energy_table", [&](const std::string& file) {
      import_energy_table(file, clock, mac_action(native), silicon);
    });
  }
  if (node.has("area_table")) {
    named_here(node, "area_table",
               [&](const std::string& file) { import_area_table(file, silicon); });
  }
  node.finish();
}

}  // namespace systole
