#include "arch/config/config_node.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "arch/config/document.h"
#include "arch/config/quantity_text.h"

namespace systole {

namespace {

/// What all nodes of one file share.
struct File {
  std::string name;
  ConfigNode::Kind kind = ConfigNode::Kind::Config;
  YAML::Node sources;
  std::vector<Fact> facts;
};

std::string joined(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) {
    text += text.empty() ? "" : ", ";
    text += name;
  }
  return text;
}

std::string shown(const YAML::Node& node) {
  if (node.IsScalar()) {
    return fmt::format("'{}'", node.Scalar());
  }
  return node.IsMap() ? "a map" : node.IsSequence() ? "a list" : "nothing";
}

std::string limits_text(std::int64_t min, std::int64_t max, std::string_view unit) {
  constexpr Range kUnlimited;
  const std::string suffix = unit.empty() ? "" : fmt::format(" {}", unit);
  if (max == kUnlimited.max) {
    return min == kUnlimited.min ? "" : fmt::format(" of at least {}{}", min, suffix);
  }
  if (min == kUnlimited.min) {
    return fmt::format(" of at most {}{}", max, suffix);
  }
  return fmt::format(" in {}..{}{}", min, max, suffix);
}

}  // namespace

struct ConfigNode::State {
  std::shared_ptr<File> file;
  YAML::Node node;
  std::string path;
  std::set<std::string, std::less<>> used;
  std::vector<std::string> known;  // in the order in which they were asked for

  [[nodiscard]] SourceLocation place(const YAML::Node& where) const {
    const YAML::Mark mark = where.Mark();
    if (mark.is_null()) {
      return {.file = file->name};
    }
    return {.file = file->name, .line = mark.line + 1, .column = mark.column + 1};
  }

  [[nodiscard]] std::string path_of(std::string_view key) const {
    return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
  }

  [[noreturn]] void fail_at(const YAML::Node& where, std::string_view at_path,
                            std::string_view message) const {
    raise_user_error(file->kind, place(where), at_path, message);
  }

  void mark_used(std::string_view key) {
    if (used.emplace(key).second) {
      known.emplace_back(key);
    }
  }

  /// The child at a key, null when absent. yaml-cpp's operator[] on a const node does not insert.
  [[nodiscard]] YAML::Node find(std::string_view key) {
    mark_used(key);
    if (!node.IsMap()) {
      fail_at(node, path,
              fmt::format("expected a map with the key '{}', got {}", key, shown(node)));
    }
    for (const auto& entry : node) {
      if (entry.first.Scalar() == key) {
        return entry.second;
      }
    }
    return YAML::Node(YAML::NodeType::Undefined);
  }

  [[nodiscard]] YAML::Node require(std::string_view key) {
    YAML::Node child = find(key);
    if (!child.IsDefined()) {
      fail_at(node, path_of(key), "expected a value, got no such key");
    }
    return child;
  }

  [[nodiscard]] std::shared_ptr<State> descend(const YAML::Node& child,
                                               std::string child_path) const {
    auto state = std::make_shared<State>();
    state->file = file;
    state->node = child;
    state->path = std::move(child_path);
    return state;
  }

  /// The scalar of a value, plain or with its source; records the fact.
  [[nodiscard]] YAML::Node scalar(const YAML::Node& value, const std::string& value_path,
                                  std::string_view expected) {
    if (value.IsScalar()) {
      remember({.path = value_path, .value = value.Scalar(), .source = {}});
      return value;
    }
    if (!value.IsMap() || !value["value"]) {
      fail_at(value, value_path, fmt::format("expected {}, got {}", expected, shown(value)));
    }
    ConfigNode map(descend(value, value_path));
    YAML::Node inner = map.state_->find("value");
    if (!inner.IsScalar()) {
      fail_at(inner, value_path + ".value",
              fmt::format("expected {}, got {}", expected, shown(inner)));
    }
    Fact fact{.path = value_path, .value = inner.Scalar(), .source = {}};
    if (map.has("source")) {
      fact.source = source_text(map.state_->find("source"), value_path + ".source");
      fact.status = FactStatus::Found;
    }
    if (map.has("status")) {
      fact.status = map.choice<FactStatus>("status");
    }
    map.finish();
    remember(std::move(fact));
    return inner;
  }

 private:
  void remember(Fact fact) const {
    const bool known_fact = std::any_of(file->facts.begin(), file->facts.end(),
                                        [&](const Fact& other) { return other.path == fact.path; });
    if (!known_fact) {
      file->facts.push_back(std::move(fact));
    }
  }

  [[nodiscard]] std::string source_text(const YAML::Node& key, const std::string& key_path) const {
    if (key.IsScalar() && file->sources.IsMap()) {
      for (const auto& entry : file->sources) {
        if (entry.first.Scalar() == key.Scalar()) {
          return entry.second.Scalar();
        }
      }
    }
    fail_at(key, key_path, fmt::format("expected a key of 'sources', got {}", shown(key)));
  }
};

ConfigNode ConfigNode::open(const std::string& file, Kind kind) {
  return parse(read_text_file(file, kind), file, kind);
}

ConfigNode ConfigNode::parse(const std::string& text, const std::string& file, Kind kind) {
  auto state = std::make_shared<State>();
  state->file = std::make_shared<File>();
  state->file->name = file;
  state->file->kind = kind;
  state->node = parse_document(text, file, kind);
  if (const YAML::Node sources = state->node["sources"]) {
    state->file->sources = sources;
    state->used.emplace("sources");
    const ConfigNode checked(state->descend(sources, "sources"));
    for (const std::string& key : checked.keys()) {
      static_cast<void>(checked.text(key));
    }
    state->file->facts.clear();
  }
  return ConfigNode(std::move(state));
}

bool ConfigNode::has(std::string_view key) const {
  return state_->find(key).IsDefined();
}
bool ConfigNode::is_map() const {
  return state_->node.IsMap();
}
bool ConfigNode::is_list() const {
  return state_->node.IsSequence();
}
bool ConfigNode::is_scalar() const {
  return state_->node.IsScalar();
}

ConfigNode ConfigNode::child(std::string_view key) const {
  return ConfigNode(state_->descend(state_->require(key), state_->path_of(key)));
}

ConfigNode ConfigNode::map(std::string_view key) const {
  const ConfigNode node = child(key);
  if (!node.is_map()) {
    node.fail(fmt::format("expected a map, got {}", shown(node.state_->node)));
  }
  return node;
}

std::optional<ConfigNode> ConfigNode::optional_map(std::string_view key) const {
  return has(key) ? std::optional(map(key)) : std::nullopt;
}

std::vector<ConfigNode> ConfigNode::list(std::string_view key) const {
  return child(key).elements();
}

std::vector<ConfigNode> ConfigNode::optional_list(std::string_view key) const {
  return has(key) ? list(key) : std::vector<ConfigNode>();
}

std::vector<std::string> ConfigNode::keys() const {
  if (!is_map()) {
    fail(fmt::format("expected a map, got {}", shown(state_->node)));
  }
  std::vector<std::string> names;
  for (const auto& entry : state_->node) {
    names.push_back(entry.first.Scalar());
  }
  return names;
}

std::vector<ConfigNode> ConfigNode::elements() const {
  if (!is_list()) {
    fail(fmt::format("expected a list, got {}", shown(state_->node)));
  }
  std::vector<ConfigNode> nodes;
  for (std::size_t index = 0; index < state_->node.size(); ++index) {
    nodes.push_back(ConfigNode(
        state_->descend(state_->node[index], fmt::format("{}[{}]", state_->path, index))));
  }
  return nodes;
}

std::string ConfigNode::text(std::string_view key) const {
  const std::string path = state_->path_of(key);
  return state_->scalar(state_->require(key), path, "a text").Scalar();
}

std::optional<std::string> ConfigNode::optional_text(std::string_view key) const {
  return has(key) ? std::optional(text(key)) : std::nullopt;
}

struct ConfigNode::Reader {
  static std::int64_t integer_of(const State& state, const YAML::Node& scalar,
                                 const std::string& path, Range range) {
    const std::string expected = fmt::format("an integer{}", limits_text(range.min, range.max, ""));
    const auto value = parse_integer(scalar.Scalar());
    if (!value || *value < range.min || *value > range.max) {
      state.fail_at(scalar, path, fmt::format("expected {}, got '{}'", expected, scalar.Scalar()));
    }
    return *value;
  }

  static double real_of(const State& state, const YAML::Node& scalar, const std::string& path,
                        RealRange range) {
    const auto value = parse_real(scalar.Scalar());
    if (!value || *value < range.min || *value > range.max) {
      std::string limits;
      if (std::isfinite(range.min) || std::isfinite(range.max)) {
        limits = fmt::format(" in {}..{}", range.min, range.max);
      }
      state.fail_at(scalar, path,
                    fmt::format("expected a number{}, got '{}'", limits, scalar.Scalar()));
    }
    return *value;
  }

  static std::int64_t quantity(const ConfigNode& node, std::string_view key, Range range,
                               const QuantityKind& kind) {
    State& state = *node.state_;
    const std::string path = state.path_of(key);
    const YAML::Node scalar = state.scalar(state.require(key), path, expectation(kind));
    const auto value = parse_quantity(scalar.Scalar(), kind);
    if (!value) {
      state.fail_at(scalar, path,
                    fmt::format("expected {}, got '{}'", expectation(kind), scalar.Scalar()));
    }
    if (*value < range.min || *value > range.max) {
      state.fail_at(
          scalar, path,
          fmt::format("expected {}{}, got '{}'", kind.what,
                      limits_text(range.min, range.max, kind.units.front().name), scalar.Scalar()));
    }
    return *value;
  }
};

std::int64_t ConfigNode::integer(std::string_view key, Range range) const {
  const std::string path = state_->path_of(key);
  return Reader::integer_of(*state_, state_->scalar(state_->require(key), path, "an integer"), path,
                            range);
}

std::optional<std::int64_t> ConfigNode::optional_integer(std::string_view key, Range range) const {
  return has(key) ? std::optional(integer(key, range)) : std::nullopt;
}

double ConfigNode::real(std::string_view key, RealRange range) const {
  const std::string path = state_->path_of(key);
  return Reader::real_of(*state_, state_->scalar(state_->require(key), path, "a number"), path,
                         range);
}

std::optional<double> ConfigNode::optional_real(std::string_view key, RealRange range) const {
  return has(key) ? std::optional(real(key, range)) : std::nullopt;
}

bool ConfigNode::boolean(std::string_view key) const {
  const std::string path = state_->path_of(key);
  const YAML::Node scalar = state_->scalar(state_->require(key), path, "true or false");
  if (scalar.Scalar() != "true" && scalar.Scalar() != "false") {
    state_->fail_at(scalar, path, fmt::format("expected true or false, got '{}'", scalar.Scalar()));
  }
  return scalar.Scalar() == "true";
}

std::optional<bool> ConfigNode::optional_boolean(std::string_view key) const {
  return has(key) ? std::optional(boolean(key)) : std::nullopt;
}

Bytes ConfigNode::bytes(std::string_view key, Range range) const {
  return Bytes(Reader::quantity(*this, key, range, kByteQuantity));
}
Hertz ConfigNode::frequency(std::string_view key, Range range) const {
  return Hertz(Reader::quantity(*this, key, range, kFrequencyQuantity));
}
BytesPerSecond ConfigNode::bandwidth(std::string_view key, Range range) const {
  return BytesPerSecond(Reader::quantity(*this, key, range, kBandwidthQuantity));
}
Femtoseconds ConfigNode::duration(std::string_view key, Range range) const {
  return Femtoseconds(Reader::quantity(*this, key, range, kDurationQuantity));
}
CoreCycles ConfigNode::cycles(std::string_view key, Range range) const {
  return CoreCycles(Reader::quantity(*this, key, range, kCycleQuantity));
}
DramCycles ConfigNode::dram_cycles(std::string_view key, Range range) const {
  return DramCycles(Reader::quantity(*this, key, range, kCycleQuantity));
}

std::string ConfigNode::choose(std::string_view key,
                               const std::vector<std::string_view>& names) const {
  const std::string path = state_->path_of(key);
  const std::string expected = fmt::format("one of {}", joined(names));
  const YAML::Node scalar = state_->scalar(state_->require(key), path, expected);
  if (std::find(names.begin(), names.end(), scalar.Scalar()) == names.end()) {
    state_->fail_at(scalar, path, fmt::format("expected {}, got '{}'", expected, scalar.Scalar()));
  }
  return scalar.Scalar();
}

std::string ConfigNode::as_text() const {
  return state_->scalar(state_->node, state_->path, "a text").Scalar();
}
std::int64_t ConfigNode::as_integer(Range range) const {
  return Reader::integer_of(*state_, state_->scalar(state_->node, state_->path, "an integer"),
                            state_->path, range);
}
double ConfigNode::as_real(RealRange range) const {
  return Reader::real_of(*state_, state_->scalar(state_->node, state_->path, "a number"),
                         state_->path, range);
}

void ConfigNode::finish() const {
  if (!is_map()) {
    return;
  }
  for (const auto& entry : state_->node) {
    const std::string& key = entry.first.Scalar();
    if (!state_->used.contains(key)) {
      std::vector<std::string_view> names(state_->known.begin(), state_->known.end());
      state_->fail_at(entry.first, state_->path_of(key),
                      fmt::format("expected one of {}, got '{}'", joined(names), key));
    }
  }
}

void ConfigNode::fail(std::string_view message) const {
  state_->fail_at(state_->node, state_->path, message);
}

void ConfigNode::fail(std::string_view key, std::string_view message) const {
  const YAML::Node child = state_->find(key);
  state_->fail_at(child.IsDefined() ? child : state_->node, state_->path_of(key), message);
}

SourceLocation ConfigNode::location() const {
  return state_->place(state_->node);
}
const std::string& ConfigNode::path() const {
  return state_->path;
}
const std::vector<Fact>& ConfigNode::facts() const {
  return state_->file->facts;
}

}  // namespace systole
