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

/// What the arguments of an action say about it.
struct ArgumentsOfAction {
  double changes = 0;  ///< of data and address (`*_delta`): an action at random has the most
  std::optional<double> cycle_seconds;  ///< `global_cycle_seconds`
};

ArgumentsOfAction read_arguments(const ConfigNode& action) {
  constexpr RealRange kCycle{.min = 1e-15, .max = 1.0};
  ArgumentsOfAction read;
  if (!action.has("arguments")) {
    return read;
  }
  const ConfigNode arguments = action.child("arguments");
  if (!arguments.is_map()) {
    action.fail("arguments", "expected a map, got something else");
  }
  for (const std::string& key : arguments.keys()) {
    if (key == "global_cycle_seconds") {
      read.cycle_seconds = arguments.real(key, kCycle);
    } else if (key.ends_with("_delta")) {
      read.changes += arguments.real(key, {.min = 0.0, .max = 1e9});
    } else {
      (void)arguments.child(key);
    }
  }
  return read;
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

  void finish() {
    for (const Entry& entry : entries_) {
      if (entry.action) {
        silicon_.energies.push_back({*entry.action, entry.value, entry.origin});
      } else {
        silicon_.leakages.push_back({entry.component, entry.value, entry.origin});
      }
    }
  }

 private:
  struct Entry {
    Component component = Component::MatrixUnit;
    std::optional<Action> action;  ///< none: leakage
    double changes = 0;
    double value = 0;  ///< pJ, or W of leakage
    std::string origin;
  };

  void add_action(const ConfigNode& node, const TablePart& part) {
    const std::string name = node.text("name");
    const double energy = node.real("energy", {.min = 0.0, .max = 1e9});
    const ArgumentsOfAction arguments = read_arguments(node);
    node.finish();
    Entry entry{.component = part.component,
                .changes = arguments.changes,
                .value = energy,
                .origin = place_of(node)};
    if (name == "leak" || name == "idle") {
      entry.value = leakage_watts(energy, part, arguments);
    } else {
      entry.action = action_named(node, name, part.component);
    }
    add_entry(node, name, entry);
  }

  [[nodiscard]] Action action_named(const ConfigNode& node, const std::string& name,
                                    Component component) const {
    const std::optional<Action> action =
        action_of(component, our_name(component, name, native_mac_));
    if (!action) {
      const auto names = action_names(component);
      node.fail("name", fmt::format("expected {}, got {}{}", one_of(names), in_quotes(name),
                                    suggestion(name, names)));
    }
    return *action;
  }

  [[nodiscard]] double leakage_watts(double picojoules_per_cycle, const TablePart& part,
                                     const ArgumentsOfAction& arguments) const {
    constexpr double kJoulesPerPicojoule = 1e-12;
    const double cycles_per_second = arguments.cycle_seconds ? 1.0 / *arguments.cycle_seconds
                                                             : static_cast<double>(clock_.count());
    return picojoules_per_cycle * kJoulesPerPicojoule * static_cast<double>(part.instances) *
           cycles_per_second;
  }

  /// One action has one energy: of several entries that with the most changes, of equal ones any.
  void add_entry(const ConfigNode& node, std::string_view name, const Entry& entry) {
    const auto known = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& other) {
      return other.component == entry.component && other.action == entry.action;
    });
    if (known == entries_.end()) {
      entries_.push_back(entry);
      return;
    }
    if (entry.changes > known->changes) {
      *known = entry;
    } else if (entry.changes == known->changes && entry.value != known->value) {
      node.fail("energy",
                fmt::format("expected {} {} as at {}, as one action has one energy, got {} "
                            "for {}",
                            known->value, entry.action ? "pJ" : "W", known->origin, entry.value,
                            in_quotes(name)));
    }
  }

  Hertz clock_;
  Action native_mac_;
  SiliconSpec& silicon_;
  std::vector<Entry> entries_;
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
  import.finish();
}

void import_area_table(const std::string& file, SiliconSpec& silicon) {
  constexpr double kMm2PerUm2 = 1e-6;
  const ConfigNode root = ConfigNode::open(file);
  const auto given = static_cast<std::ptrdiff_t>(silicon.areas.size());  // by the chip's own file
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
    const auto known =
        std::find_if(silicon.areas.begin() + given, silicon.areas.end(),
                     [&](const PartOverride& other) { return other.part == part.component; });
    if (known != silicon.areas.end()) {
      table.fail("name", fmt::format("expected one area of {}, got another beside that at {}",
                                     name_of(part.component), known->origin));
    }
    silicon.areas.push_back({part.component, mm2, place_of(table)});
  }
}

}  // namespace systole
