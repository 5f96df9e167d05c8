#include "arch/config/config_node.h"

#include <algorithm>

#include <fmt/format.h>

#include "arch/config/config_rules.h"
#include "arch/config/config_state.h"
#include "arch/config/near_name.h"
#include "arch/config/quantity_text.h"
#include "arch/config/text_file.h"
#include "arch/config/yaml_tree.h"

namespace systole {

namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{4} << 20;

/// Remembers that the reader of this map knows `key`, for finish() and its suggestions.
AskedKey& note_key(YamlItem& map, std::string_view key) {
  const auto found = std::find_if(map.asked_keys.begin(), map.asked_keys.end(),
                                  [&](const AskedKey& asked) { return asked.name == key; });
  return found != map.asked_keys.end() ? *found
                                       : map.asked_keys.emplace_back(AskedKey{std::string(key)});
}

void note_rule(const ConfigNode::State& state, std::string_view key, KeyRule rule) {
  if (state.item->kind == YamlItem::Kind::Map) {
    note_key(*state.item, key).rule = std::move(rule);
  }
}

/// As note_rule, for a key that may be missing.
void note_optional(const ConfigNode::State& state, std::string_view key, KeyRule rule) {
  if (state.item->kind == YamlItem::Kind::Map) {
    AskedKey& asked = note_key(*state.item, key);
    asked.optional = true;
    asked.rule = std::move(rule);
  }
}

KeyRule rule_of(KeyRule::Kind kind) {
  KeyRule rule;
  rule.kind = kind;
  return rule;
}

KeyRule integer_rule(Range range) {
  KeyRule rule = rule_of(KeyRule::Kind::Integer);
  rule.min = range.min;
  rule.max = range.max;
  return rule;
}

KeyRule real_rule(RealRange range) {
  KeyRule rule = rule_of(KeyRule::Kind::Real);
  rule.real_min = range.min;
  rule.real_max = range.max;
  return rule;
}

KeyRule quantity_rule(Range range, const QuantityUnits& kind) {
  KeyRule rule = integer_rule(range);
  rule.kind = KeyRule::Kind::Quantity;
  rule.quantity = &kind;
  return rule;
}

KeyRule measure_rule(RealRange range, const MeasureUnits& kind) {
  KeyRule rule = real_rule(range);
  rule.kind = KeyRule::Kind::Measure;
  rule.measure = &kind;
  return rule;
}

KeyRule choice_rule(const std::vector<std::string_view>& names) {
  KeyRule rule = rule_of(KeyRule::Kind::Choice);
  rule.choices = names;
  return rule;
}

void require_kind(const ConfigNode::State& state, const YamlItem& item, const std::string& path,
                  YamlItem::Kind kind) {
  if (item.kind != kind) {
    state.document->fail_at(
        item, path,
        fmt::format("expected a {}, got {}", kind == YamlItem::Kind::Map ? "map" : "list",
                    description_of(item)));
  }
}

YamlItem* ask(const ConfigNode::State& state, std::string_view key) {
  require_kind(state, *state.item, state.path, YamlItem::Kind::Map);
  note_key(*state.item, key);
  YamlItem* child = state.item->find(key);
  if (child != nullptr) {
    child->used = true;
  }
  return child;
}

/// A key of the map that nobody asked for and that `wanted` may have been misspelt as.
std::string misspelling_hint(const YamlItem& map, std::string_view wanted) {
  std::vector<std::string_view> unused;
  for (const YamlItem& child : map.children) {
    if (!child.used) {
      unused.emplace_back(child.key);
    }
  }
  const std::string_view near = nearest_name(wanted, unused);
  return near.empty() ? std::string() : fmt::format(" (is '{}' meant?)", near);
}

/// The child, or the message that begins with `expected` at the place of the map.
YamlItem& require(const ConfigNode::State& state, std::string_view key, std::string_view expected) {
  YamlItem* child = ask(state, key);
  if (AskedKey& asked = note_key(*state.item, key); !asked.optional) {
    asked.required = true;
  }
  if (child == nullptr) {
    state.document->fail_at(
        *state.item, path_of_key(state.path, key),
        fmt::format("{}, got nothing{}", expected, misspelling_hint(*state.item, key)));
  }
  return *child;
}

std::shared_ptr<ConfigNode::State> child_state(const ConfigNode::State& state, YamlItem& child,
                                               std::string path) {
  return std::make_shared<ConfigNode::State>(
      ConfigNode::State{.document = state.document, .item = &child, .path = std::move(path)});
}

/// "expected NOUN in MIN..MAX" with open ends where the range has none.
template <class Number, class Print>
std::string expected_in(std::string_view noun, Number min, Number max, Number lowest,
                        Number highest, const Print& print) {
  if (min == lowest && max == highest) {
    return fmt::format("expected {}", noun);
  }
  if (max == highest) {
    return fmt::format("expected {} of at least {}", noun, print(min));
  }
  if (min == lowest) {
    return fmt::format("expected {} of at most {}", noun, print(max));
  }
  return fmt::format("expected {} in {}..{}", noun, print(min), print(max));
}

std::string expected_integer(Range range) {
  return expected_in("an integer", range.min, range.max, Range{}.min, Range{}.max,
                     [](std::int64_t value) { return fmt::format("{}", value); });
}

std::string expected_real(RealRange range) {
  return expected_in("a number", range.min, range.max, RealRange{}.min, RealRange{}.max,
                     [](double value) { return fmt::format("{}", value); });
}

/// Quantities are never negative, so a lower limit below 1 says nothing to the reader.
std::string expected_quantity(Range range, const QuantityUnits& kind) {
  return expected_in(kind.noun, std::max<std::int64_t>(range.min, 0), range.max, std::int64_t{0},
                     Range{}.max,
                     [&kind](std::int64_t value) { return print_quantity(value, kind); });
}

[[noreturn]] void fail_value(const ConfigDocument& document, const ConfigValue& value,
                             std::string_view expected) {
  document.fail(value.line, value.column, value.path,
                fmt::format("{}, got {}", expected, value.quoted()), value.origin);
}

std::int64_t to_integer(ConfigDocument& document, YamlItem& item, const std::string& path,
                        Range range) {
  const std::string expected = expected_integer(range);
  const ConfigValue value = read_value(document, item, path, expected);
  const std::optional<std::int64_t> number = parse_integer(value.text);
  if (!number || *number < range.min || *number > range.max) {
    fail_value(document, value, expected);
  }
  return *number;
}

double to_real(ConfigDocument& document, YamlItem& item, const std::string& path, RealRange range) {
  const std::string expected = expected_real(range);
  const ConfigValue value = read_value(document, item, path, expected);
  const std::optional<double> number = parse_real(value.text);
  if (!number || *number < range.min || *number > range.max) {
    fail_value(document, value, expected);
  }
  return *number;
}

bool to_boolean(ConfigDocument& document, YamlItem& item, const std::string& path) {
  constexpr std::string_view kExpected = "expected true or false";
  const ConfigValue value = read_value(document, item, path, kExpected);
  if (value.text != "true" && value.text != "false") {
    fail_value(document, value, kExpected);
  }
  return value.text == "true";
}

std::int64_t to_quantity(ConfigDocument& document, YamlItem& item, const std::string& path,
                         Range range, const QuantityUnits& kind) {
  const std::string expected = expected_quantity(range, kind);
  const ConfigValue value = read_value(document, item, path, expected);
  const ParsedQuantity parsed = parse_quantity(value.text, kind);
  if (parsed.fault == QuantityFault::Malformed) {
    fail_value(document, value,
               fmt::format("{} as a number, a space and {}", expected, unit_list(kind)));
  }
  if (parsed.fault == QuantityFault::Inexact) {
    fail_value(document, value,
               fmt::format("{}, a multiple of {}", expected, print_quantity(1, kind)));
  }
  if (parsed.fault == QuantityFault::TooLarge || parsed.count < range.min ||
      parsed.count > range.max) {
    fail_value(document, value, expected);
  }
  return parsed.count;
}

std::int64_t quantity_at(const ConfigNode::State& state, std::string_view key, Range range,
                         const QuantityUnits& kind) {
  note_rule(state, key, quantity_rule(range, kind));
  YamlItem& item = require(state, key, expected_quantity(range, kind));
  return to_quantity(*state.document, item, path_of_key(state.path, key), range, kind);
}

std::string expected_measure(RealRange range, const MeasureUnits& kind) {
  return expected_in(kind.noun, range.min, range.max, RealRange{}.min, RealRange{}.max,
                     [&kind](double value) { return print_measure(value, kind); });
}

double to_measure(ConfigDocument& document, YamlItem& item, const std::string& path,
                  RealRange range, const MeasureUnits& kind) {
  const std::string expected = expected_measure(range, kind);
  const ConfigValue value = read_value(document, item, path, expected);
  const std::optional<double> measure = parse_measure(value.text, kind);
  if (!measure) {
    fail_value(document, value,
               fmt::format("{} as a number, a space and {}", expected, unit_list(kind)));
  }
  if (*measure < range.min || *measure > range.max) {
    fail_value(document, value, expected);
  }
  return *measure;
}

double measure_at(const ConfigNode::State& state, std::string_view key, RealRange range,
                  const MeasureUnits& kind) {
  note_rule(state, key, measure_rule(range, kind));
  YamlItem& item = require(state, key, expected_measure(range, kind));
  return to_measure(*state.document, item, path_of_key(state.path, key), range, kind);
}

std::string to_choice(ConfigDocument& document, YamlItem& item, const std::string& path,
                      const std::vector<std::string_view>& names) {
  const std::string expected = fmt::format("expected {}", one_of(names));
  const ConfigValue value = read_value(document, item, path, expected);
  if (std::find(names.begin(), names.end(), value.text) == names.end()) {
    document.fail(
        value.line, value.column, value.path,
        fmt::format("{}, got {}{}", expected, value.quoted(), suggestion(value.text, names)),
        value.origin);
  }
  return value.text;
}

constexpr std::string_view kExpectedText = "expected text";

std::vector<std::string_view> names_of(const std::vector<AskedKey>& keys) {
  std::vector<std::string_view> names;
  names.reserve(keys.size());
  for (const AskedKey& key : keys) {
    names.emplace_back(key.name);
  }
  return names;
}

}  // namespace

std::string unknown_key_message(const YamlItem& map, std::string_view key) {
  const std::vector<std::string_view> known = names_of(map.asked_keys);
  return known.empty() ? fmt::format("expected no key, got {}", in_quotes(key))
                       : fmt::format("expected {}, got {}{}", one_of(known), in_quotes(key),
                                     suggestion(key, known));
}

void check_rule(ConfigDocument& document, YamlItem& item, const std::string& path,
                const KeyRule& rule) {
  const Range range{.min = rule.min, .max = rule.max};
  const RealRange real{.min = rule.real_min, .max = rule.real_max};
  switch (rule.kind) {
    case KeyRule::Kind::Any:
    case KeyRule::Kind::Text:
      return;
    case KeyRule::Kind::Map:
    case KeyRule::Kind::List:
      document.fail_at(
          item, path,
          fmt::format("expected a {}, got {}", rule.kind == KeyRule::Kind::Map ? "map" : "list",
                      description_of(item)));
    case KeyRule::Kind::Integer:
      static_cast<void>(to_integer(document, item, path, range));
      return;
    case KeyRule::Kind::Real:
      static_cast<void>(to_real(document, item, path, real));
      return;
    case KeyRule::Kind::Boolean:
      static_cast<void>(to_boolean(document, item, path));
      return;
    case KeyRule::Kind::Quantity:
      static_cast<void>(to_quantity(document, item, path, range, *rule.quantity));
      return;
    case KeyRule::Kind::Measure:
      static_cast<void>(to_measure(document, item, path, real, *rule.measure));
      return;
    case KeyRule::Kind::Choice:
      static_cast<void>(to_choice(document, item, path, rule.choices));
      return;
  }
}

ConfigNode ConfigNode::open(const std::string& file, Kind kind) {
  std::string text;
  try {
    text = read_text_file(file, kMaxFileBytes);
  } catch (const TextFault& fault) {
    ConfigDocument unread;
    unread.file = file;
    unread.kind = kind;
    unread.fail(0, 0, fault.path, fault.message);
  }
  return parse(text, file, kind);
}

ConfigNode ConfigNode::parse(const std::string& text, const std::string& file, Kind kind) {
  auto document = std::make_shared<ConfigDocument>();
  document->file = file;
  document->kind = kind;
  try {
    document->root = parse_yaml(text);
  } catch (const TextFault& fault) {
    document->fail(fault.line, fault.column, fault.path, fault.message);
  }
  if (document->root.kind != YamlItem::Kind::Map) {
    document->fail(document->root.line, document->root.column, {},
                   fmt::format("expected a map, got {}", description_of(document->root)));
  }
  read_sources(*document);
  YamlItem* root = &document->root;
  return ConfigNode(
      std::make_shared<State>(State{.document = std::move(document), .item = root, .path = {}}));
}

bool ConfigNode::has(std::string_view key) const {
  note_key(*state_->item, key).optional = true;
  return state_->item->find(key) != nullptr;
}

bool ConfigNode::is_map() const {
  return state_->item->kind == YamlItem::Kind::Map;
}
bool ConfigNode::is_list() const {
  return state_->item->kind == YamlItem::Kind::List;
}
bool ConfigNode::is_scalar() const {
  return state_->item->kind == YamlItem::Kind::Scalar;
}

ConfigNode ConfigNode::map(std::string_view key) const {
  note_rule(*state_, key, rule_of(KeyRule::Kind::Map));
  ConfigNode node(child_state(*state_, require(*state_, key, "expected a map"),
                              path_of_key(state_->path, key)));
  require_kind(*state_, *node.state_->item, node.path(), YamlItem::Kind::Map);
  return node;
}

std::optional<ConfigNode> ConfigNode::optional_map(std::string_view key) const {
  note_optional(*state_, key, rule_of(KeyRule::Kind::Map));
  return ask(*state_, key) == nullptr ? std::nullopt : std::optional(map(key));
}

std::vector<ConfigNode> ConfigNode::list(std::string_view key) const {
  note_rule(*state_, key, rule_of(KeyRule::Kind::List));
  YamlItem& item = require(*state_, key, "expected a list");
  return ConfigNode(child_state(*state_, item, path_of_key(state_->path, key))).elements();
}

std::vector<ConfigNode> ConfigNode::optional_list(std::string_view key) const {
  note_optional(*state_, key, rule_of(KeyRule::Kind::List));
  return ask(*state_, key) == nullptr ? std::vector<ConfigNode>() : list(key);
}

ConfigNode ConfigNode::child(std::string_view key) const {
  YamlItem& item = require(*state_, key, "expected a value");
  return ConfigNode(child_state(*state_, item, path_of_key(state_->path, key)));
}

std::vector<std::string> ConfigNode::keys() const {
  require_kind(*state_, *state_->item, state_->path, YamlItem::Kind::Map);
  if (state_->item->asked_keys.empty()) {
    state_->item->user_keys = true;  // the reader learns its keys from the file
  }
  std::vector<std::string> keys;
  for (const YamlItem& child : state_->item->children) {
    keys.push_back(child.key);
  }
  return keys;
}

std::vector<ConfigNode> ConfigNode::elements() const {
  require_kind(*state_, *state_->item, state_->path, YamlItem::Kind::List);
  std::vector<ConfigNode> elements;
  for (YamlItem& child : state_->item->children) {
    elements.push_back(
        ConfigNode(child_state(*state_, child, path_of_element(state_->path, elements.size()))));
  }
  return elements;
}

std::string ConfigNode::text(std::string_view key) const {
  note_rule(*state_, key, rule_of(KeyRule::Kind::Text));
  require(*state_, key, kExpectedText);
  return child(key).as_text();
}

std::optional<std::string> ConfigNode::optional_text(std::string_view key) const {
  note_optional(*state_, key, rule_of(KeyRule::Kind::Text));
  return ask(*state_, key) == nullptr ? std::nullopt : std::optional(text(key));
}

std::int64_t ConfigNode::integer(std::string_view key, Range range) const {
  note_rule(*state_, key, integer_rule(range));
  return to_integer(*state_->document, require(*state_, key, expected_integer(range)),
                    path_of_key(state_->path, key), range);
}

std::optional<std::int64_t> ConfigNode::optional_integer(std::string_view key, Range range) const {
  note_optional(*state_, key, integer_rule(range));
  return ask(*state_, key) == nullptr ? std::nullopt : std::optional(integer(key, range));
}

double ConfigNode::real(std::string_view key, RealRange range) const {
  note_rule(*state_, key, real_rule(range));
  return to_real(*state_->document, require(*state_, key, expected_real(range)),
                 path_of_key(state_->path, key), range);
}

std::optional<double> ConfigNode::optional_real(std::string_view key, RealRange range) const {
  note_optional(*state_, key, real_rule(range));
  return ask(*state_, key) == nullptr ? std::nullopt : std::optional(real(key, range));
}

bool ConfigNode::boolean(std::string_view key) const {
  note_rule(*state_, key, rule_of(KeyRule::Kind::Boolean));
  return to_boolean(*state_->document, require(*state_, key, "expected true or false"),
                    path_of_key(state_->path, key));
}

std::optional<bool> ConfigNode::optional_boolean(std::string_view key) const {
  note_optional(*state_, key, rule_of(KeyRule::Kind::Boolean));
  return ask(*state_, key) == nullptr ? std::nullopt : std::optional(boolean(key));
}

Bytes ConfigNode::bytes(std::string_view key, Range range) const {
  return Bytes(quantity_at(*state_, key, range, kSizeUnits));
}

Hertz ConfigNode::frequency(std::string_view key, Range range) const {
  return Hertz(quantity_at(*state_, key, range, kFrequencyUnits));
}

BytesPerSecond ConfigNode::bandwidth(std::string_view key, Range range) const {
  return BytesPerSecond(quantity_at(*state_, key, range, kBandwidthUnits));
}

Femtoseconds ConfigNode::duration(std::string_view key, Range range) const {
  return Femtoseconds(quantity_at(*state_, key, range, kDurationUnits));
}

CoreCycles ConfigNode::cycles(std::string_view key, Range range) const {
  return CoreCycles(quantity_at(*state_, key, range, kCycleUnits));
}

DramCycles ConfigNode::dram_cycles(std::string_view key, Range range) const {
  return DramCycles(quantity_at(*state_, key, range, kCycleUnits));
}

Microvolts ConfigNode::voltage(std::string_view key, Range range) const {
  return Microvolts(quantity_at(*state_, key, range, kVoltageUnits));
}

Microamperes ConfigNode::current(std::string_view key, Range range) const {
  return Microamperes(quantity_at(*state_, key, range, kCurrentUnits));
}

Femtojoules ConfigNode::energy(std::string_view key, Range range) const {
  return Femtojoules(quantity_at(*state_, key, range, kEnergyUnits));
}

double ConfigNode::measure(std::string_view key, const MeasureUnits& kind, RealRange range) const {
  return measure_at(*state_, key, range, kind);
}

std::string ConfigNode::as_text() const {
  state_->item->read_as = rule_of(KeyRule::Kind::Text);
  const ConfigValue value =
      read_value(*state_->document, *state_->item, state_->path, kExpectedText);
  if (value.text.empty()) {
    fail_value(*state_->document, value, kExpectedText);
  }
  return value.text;
}

std::int64_t ConfigNode::as_integer(Range range) const {
  state_->item->read_as = integer_rule(range);
  return to_integer(*state_->document, *state_->item, state_->path, range);
}

double ConfigNode::as_real(RealRange range) const {
  state_->item->read_as = real_rule(range);
  return to_real(*state_->document, *state_->item, state_->path, range);
}

bool ConfigNode::as_boolean() const {
  state_->item->read_as = rule_of(KeyRule::Kind::Boolean);
  return to_boolean(*state_->document, *state_->item, state_->path);
}

std::string ConfigNode::as_one_of(const std::vector<std::string_view>& names) const {
  state_->item->read_as = choice_rule(names);
  return to_choice(*state_->document, *state_->item, state_->path, names);
}

ConfigNode ConfigNode::computed(std::string text) const {
  const ConfigValue written =
      read_value(*state_->document, *state_->item, state_->path, "expected a value");
  YamlItem value;
  value.kind = YamlItem::Kind::Scalar;
  value.line = written.line;
  value.column = written.column;
  value.origin = written.origin;
  value.text = std::move(text);
  value.formula = written.text;
  value.recorded = true;
  return ConfigNode(child_state(*state_, state_->document->computed.emplace_back(std::move(value)),
                                state_->path));
}

std::string ConfigNode::choose(std::string_view key,
                               const std::vector<std::string_view>& names) const {
  note_rule(*state_, key, choice_rule(names));
  YamlItem& item = require(*state_, key, fmt::format("expected {}", one_of(names)));
  return to_choice(*state_->document, item, path_of_key(state_->path, key), names);
}

void ConfigNode::finish() const {
  require_kind(*state_, *state_->item, state_->path, YamlItem::Kind::Map);
  for (const YamlItem& child : state_->item->children) {
    if (child.used) {
      continue;
    }
    state_->document->fail_at_key(child, path_of_key(state_->path, child.key),
                                  unknown_key_message(*state_->item, child.key));
  }
}

void ConfigNode::fail(std::string_view message) const {
  state_->document->fail_at(*state_->item, state_->path, message);
}

void ConfigNode::fail(std::string_view key, std::string_view message) const {
  const YamlItem* child = state_->item->find(key);
  const YamlItem& place = child == nullptr ? *state_->item : *child;
  state_->document->fail_at(place, path_of_key(state_->path, key), message);
}

SourceLocation ConfigNode::location() const {
  const YamlItem& item = *state_->item;
  const ConfigDocument& document = *state_->document;
  return {.file = item.origin == 0
                      ? document.file
                      : document.origins.at(static_cast<std::size_t>(item.origin) - 1).file,
          .line = item.line,
          .column = item.column};
}

const std::string& ConfigNode::path() const {
  return state_->path;
}

const std::vector<Fact>& ConfigNode::facts() const {
  return state_->document->facts;
}

}  // namespace systole
