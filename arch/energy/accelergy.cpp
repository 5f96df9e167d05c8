#include "arch/energy/accelergy.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "arch/config/config_node.h"
#include "arch/config/near_name.h"
#include "arch/config/quantity_text.h"
#include "arch/config/text_file.h"

namespace systole {

namespace {

struct Alias {
  std::string_view name;
  Component component;
};
constexpr auto kAliases = std::to_array<Alias>({
    {"matrix_unit", Component::MatrixUnit},
    {"mac", Component::MatrixUnit},
    {"pe", Component::MatrixUnit},
    {"accumulators", Component::Accumulators},
    {"accumulator", Component::Accumulators},
    {"unified_buffer", Component::UnifiedBuffer},
    {"buffer", Component::UnifiedBuffer},
    {"glb", Component::UnifiedBuffer},
    {"weight_fifo", Component::WeightFifo},
    {"vector_unit", Component::VectorUnit},
    {"vector", Component::VectorUnit},
    {"control", Component::Control},
    {"sequencer", Component::Control},
    {"interconnect", Component::Interconnect},
    {"noc", Component::Interconnect},
    {"dram_interface", Component::DramInterface},
    {"host_link", Component::HostLink},
});

struct ActionAlias {
  std::string_view name;
  std::string_view ours;
};
constexpr auto kActionAliases = std::to_array<ActionAlias>({
    {"update", "write"},
    {"transfer", "byte"},
});

std::vector<std::string_view> alias_names() {
  std::vector<std::string_view> names;
  names.reserve(kAliases.size());
  for (const Alias& alias : kAliases) {
    names.push_back(alias.name);
  }
  return names;
}

/// Instances that the ranges of a path name: [0..15] are 16, several ranges multiply.
std::int64_t instances_of(const ConfigNode& table, const std::string& path) {
  constexpr std::int64_t kMost = 1'000'000'000;
  std::int64_t instances = 1;
  for (std::size_t open = path.find('['); open != std::string::npos;
       open = path.find('[', open + 1)) {
    const std::size_t dots = path.find("..", open);
    const std::size_t close = path.find(']', open);
    const bool whole = dots != std::string::npos && close != std::string::npos && dots < close;
    const auto first = whole ? parse_integer(path.substr(open + 1, dots - open - 1)) : std::nullopt;
    const auto last = whole ? parse_integer(path.substr(dots + 2, close - dots - 2)) : std::nullopt;
    if (!first || !last || *first < 0 || *last < *first || *last >= kMost ||
        instances > kMost / (*last - *first + 1)) {
      table.fail("name", fmt::format("expected instances as [0..15], at most {} of them, got {}",
                                     kMost, in_quotes(path)));
    }
    instances *= *last - *first + 1;
  }
  return instances;
}

struct TablePart {
  Component component = Component::MatrixUnit;
  std::int64_t instances = 1;
};

TablePart part_of(const ConfigNode& table) {
  const std::string path = table.text("name");
  const std::int64_t instances = instances_of(table, path);
  std::string last =
      path.substr(0, path.find_last_of('[') == std::string::npos || path.back() != ']'
                         ? path.size()
                         : path.find_last_of('['));
  const std::size_t dot = last.find_last_of('.');
  last = dot == std::string::npos ? last : last.substr(dot + 1);
  for (const Alias& alias : kAliases) {
    if (alias.name == last) {
      return {.component = alias.component, .instances = instances};
    }
  }
  const auto names = alias_names();
  table.fail("name", fmt::format("expected a component named {}, got {}{}", one_of(names),
                                 in_quotes(last), suggestion(last, names)));
}

std::string_view our_name(Component component, std::string_view name, Action native_mac) {
  if (component == Component::MatrixUnit && (name == "compute" || name == "mac")) {
    return action_name(native_mac).name;
  }
  if (component == Component::VectorUnit && name == "compute") {
    return action_name(Action::VectorLane).name;
  }
  for (const ActionAlias& alias : kActionAliases) {
    if (alias.name == name) {
      return alias.ours;
    }
  }
  return name;
}

std::optional<Action> action_of(Component component, std::string_view name) {
  for (int index = 0; index < kActionCount; ++index) {
    const auto action = static_cast<Action>(index);
    if (action_name(action).owner == component && action_name(action).name == name) {
      return action;
    }
  }
  return std::nullopt;
}

std::vector<std::string_view> action_names(Component component) {
  std::vector<std::string_view> names;
  for (int index = 0; index < kActionCount; ++index) {
    const ActionName action = action_name(static_cast<Action>(index));
    if (action.owner == component) {
      names.push_back(action.name);
    }
  }
  names.emplace_back("leak");
  return names;
}

std::string place_of(const ConfigNode& node) {
  const SourceLocation where = node.location();
  return fmt::format("{}:{}", where.file, where.line);
}

class EnergyImport {
 public:
  EnergyImport(Hertz clock, Action native_mac, SiliconSpec& silicon)
      : clock_(clock), native_mac_(native_mac), silicon_(silicon) {}

  void add(const ConfigNode& table) {
    const TablePart part = part_of(table);
    for (const ConfigNode& action : table.list("actions")) {
      add_action(action, part);
    }
    table.finish();
  }

 private:
  void add_action(const ConfigNode& node, const TablePart& part) {
    const std::string name = node.text("name");
    const double energy = node.real("energy", {.min = 0.0, .max = 1e9});
    if (node.has("arguments")) {
      const ConfigNode arguments = node.child("arguments");
      if (!arguments.is_map() || !arguments.keys().empty()) {
        node.fail("arguments", "expected none, as one action has one energy, got some");
      }
    }
    node.finish();
    if (name == "leak" || name == "idle") {
      add_leakage(node, part, energy);
      return;
    }
    const std::optional<Action> action =
        action_of(part.component, our_name(part.component, name, native_mac_));
    if (!action) {
      const auto names = action_names(part.component);
      node.fail("name", fmt::format("expected {}, got {}{}", one_of(names), in_quotes(name),
                                    suggestion(name, names)));
    }
    if (std::find(given_.begin(), given_.end(), *action) != given_.end()) {
      node.fail("name", fmt::format("expected each action once, got {} again", in_quotes(name)));
    }
    given_.push_back(*action);
    silicon_.energies.push_back({*action, energy, place_of(node)});
  }

  void add_leakage(const ConfigNode& node, const TablePart& part, double picojoules_per_cycle) {
    constexpr double kJoulesPerPicojoule = 1e-12;
    const double watts = picojoules_per_cycle * kJoulesPerPicojoule *
                         static_cast<double>(part.instances) * static_cast<double>(clock_.count());
    silicon_.leakages.push_back({part.component, watts, place_of(node)});
  }

  Hertz clock_;
  Action native_mac_;
  SiliconSpec& silicon_;
  std::vector<Action> given_;
};

/// The list `tables` below the one top key.
std::vector<ConfigNode> tables_of(const ConfigNode& root, std::string_view key) {
  const ConfigNode top = root.map(key);
  (void)top.text("version");
  std::vector<ConfigNode> tables = top.list("tables");
  top.finish();
  root.finish();
  return tables;
}

}  // namespace

void import_energy_table(const std::string& file, Hertz clock, Action native_mac,
                         SiliconSpec& silicon) {
  const ConfigNode root = ConfigNode::open(file);
  EnergyImport import(clock, native_mac, silicon);
  for (const ConfigNode& table : tables_of(root, "ERT")) {
    import.add(table);
  }
}

void import_area_table(const std::string& file, SiliconSpec& silicon) {
  constexpr double kMm2PerUm2 = 1e-6;
  const ConfigNode root = ConfigNode::open(file);
  for (const ConfigNode& table : tables_of(root, "ART")) {
    const TablePart part = part_of(table);
    const double area = table.real("area", {.min = 0.0, .max = 1e12});
    table.finish();
    if (part.component == Component::Interconnect) {
      table.fail("name",
                 "expected a part of the die, got interconnect, which is in the unplaced "
                 "share");
    }
    const double mm2 = area * kMm2PerUm2 * static_cast<double>(part.instances);
    silicon.areas.push_back({part.component, mm2, place_of(table)});
  }
}

}  // namespace systole
