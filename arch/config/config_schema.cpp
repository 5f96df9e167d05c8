#include "arch/config/config_schema.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "arch/config/config_state.h"
#include "arch/config/quantity_text.h"

namespace systole {

namespace {

using Json = nlohmann::ordered_json;

/// What is known of one place in files of a kind.
struct Shape {
  struct Property {
    int required = 0;  ///< readers that took it for granted
    bool optional = false;
    std::unique_ptr<Shape> shape = std::make_unique<Shape>();
  };

  std::vector<KeyRule> rules;  ///< what readers asked it to be, each once
  bool seen_map = false;
  bool seen_list = false;
  bool user_keys = false;
  int maps = 0;  ///< how many were read
  std::vector<std::string> order;
  std::map<std::string, Property> properties;
  std::unique_ptr<Shape> items;
};

bool same_rule(const KeyRule& a, const KeyRule& b) {
  return a.kind == b.kind && a.min == b.min && a.max == b.max && a.real_min == b.real_min &&
         a.real_max == b.real_max && a.quantity == b.quantity && a.measure == b.measure &&
         a.choices == b.choices;
}

void add_rule(Shape& shape, const KeyRule& rule) {
  const bool known = std::any_of(shape.rules.begin(), shape.rules.end(),
                                 [&](const KeyRule& other) { return same_rule(other, rule); });
  if (!known && rule.kind != KeyRule::Kind::Any) {
    shape.rules.push_back(rule);
  }
}

bool is_figure(const YamlItem& item, const Shape& shape) {
  return !shape.rules.empty() && shape.rules.front().kind != KeyRule::Kind::Map &&
         item.asked_keys.empty();
}

void add_item(Shape& shape, YamlItem& item);

void add_map(Shape& shape, YamlItem& item) {
  shape.seen_map = true;
  shape.user_keys = shape.user_keys || item.user_keys;
  ++shape.maps;
  for (const AskedKey& asked : item.asked_keys) {
    const std::string name = item.user_keys ? "*" : asked.name;  // any, and all alike
    auto [at, is_new] = shape.properties.try_emplace(name);
    if (is_new) {
      shape.order.push_back(name);
    }
    Shape::Property& property = at->second;
    property.optional = property.optional || asked.optional;
    property.required += asked.required ? 1 : 0;
    add_rule(*property.shape, asked.rule);
    if (YamlItem* child = item.find(asked.name)) {
      add_item(*property.shape, *child);
    }
  }
}

void add_item(Shape& shape, YamlItem& item) {
  switch (item.kind) {
    case YamlItem::Kind::Null:
      return;
    case YamlItem::Kind::Scalar:
      if (item.read_as.kind == KeyRule::Kind::Any && item.text.find('$') != std::string::npos) {
        KeyRule parameter;  // of a block: its value stands where the block is used
        parameter.kind = KeyRule::Kind::Text;
        add_rule(shape, parameter);
      }
      add_rule(shape, item.read_as);
      return;
    case YamlItem::Kind::List:
      shape.seen_list = true;
      if (!shape.items) {
        shape.items = std::make_unique<Shape>();
      }
      for (YamlItem& child : item.children) {
        add_item(*shape.items, child);
      }
      return;
    case YamlItem::Kind::Map:
      if (!is_figure(item, shape)) {
        add_map(shape, item);
      }
      return;
  }
}

template <class Units>
std::string unit_pattern(const Units& units) {
  std::string names;
  for (const auto& unit : units) {
    names += fmt::format("{}{}", names.empty() ? "" : "|", unit.name);
  }
  return fmt::format("^-?[0-9]+(\\.[0-9]+)?([eE][-+]?[0-9]+)? ({})$", names);
}

void add_limits(Json& json, double min, double max) {
  if (std::isfinite(min)) {
    json["minimum"] = min;
  }
  if (std::isfinite(max)) {
    json["maximum"] = max;
  }
}

Json rule_json(const KeyRule& rule) {
  switch (rule.kind) {
    case KeyRule::Kind::Any:
    case KeyRule::Kind::Map:
    case KeyRule::Kind::List:
      return Json::object();
    case KeyRule::Kind::Text:
      return {{"type", {"string", "number", "boolean"}}};
    case KeyRule::Kind::Integer: {
      Json json{{"type", "integer"}};
      if (rule.min != KeyRule{}.min) {
        json["minimum"] = rule.min;
      }
      if (rule.max != KeyRule{}.max) {
        json["maximum"] = rule.max;
      }
      return json;
    }
    case KeyRule::Kind::Real: {
      Json json{{"type", "number"}};
      add_limits(json, rule.real_min, rule.real_max);
      return json;
    }
    case KeyRule::Kind::Boolean:
      return {{"type", "boolean"}};
    case KeyRule::Kind::Quantity:
      return {{"type", "string"}, {"pattern", unit_pattern(rule.quantity->units)}};
    case KeyRule::Kind::Measure:
      return {{"type", "string"}, {"pattern", unit_pattern(rule.measure->units)}};
    case KeyRule::Kind::Choice: {
      Json names = Json::array();
      for (const std::string_view name : rule.choices) {
        names.push_back(name);
      }
      return {{"enum", names}};
    }
  }
  return Json::object();
}

/// A value plainly, or with where it comes from.
Json value_json(const KeyRule& rule) {
  Json status = Json::array();
  for (const auto& [value, name] : kEnumNames<FactStatus>) {
    status.push_back(name);
  }
  const Json plain = rule_json(rule);
  return {{"anyOf",
           {plain,
            {{"type", "object"},
             {"properties",
              {{"value", plain}, {"source", {{"type", "string"}}}, {"status", {{"enum", status}}}}},
             {"required", {"value", "status"}},
             {"additionalProperties", false}}}}};
}

Json shape_json(const Shape& shape);

Json map_json(const Shape& shape, bool is_root) {
  Json json{{"type", "object"}};
  if (shape.user_keys) {
    Json any = Json::array();
    for (const std::string& key : shape.order) {
      Json value = shape_json(*shape.properties.at(key).shape);
      if (std::find(any.begin(), any.end(), value) == any.end()) {
        any.push_back(std::move(value));
      }
    }
    if (!any.empty()) {
      json["additionalProperties"] = any.size() == 1 ? any.front() : Json{{"anyOf", any}};
    }
    return json;
  }
  Json properties = Json::object();
  Json required = Json::array();
  for (const std::string& key : shape.order) {
    const Shape::Property& property = shape.properties.at(key);
    properties[key] = shape_json(*property.shape);
    if (!property.optional && property.required == shape.maps) {
      required.push_back(key);
    }
  }
  if (is_root) {
    properties["sources"] = {{"type", "object"}, {"additionalProperties", {{"type", "string"}}}};
  }
  json["properties"] = properties;
  if (!required.empty()) {
    json["required"] = required;
  }
  json["additionalProperties"] = false;
  return json;
}

Json shape_json(const Shape& shape) {
  Json any = Json::array();
  bool is_map = shape.seen_map;
  bool is_list = shape.seen_list;
  for (const KeyRule& rule : shape.rules) {
    is_map = is_map || rule.kind == KeyRule::Kind::Map;
    is_list = is_list || rule.kind == KeyRule::Kind::List;
    if (rule.kind != KeyRule::Kind::Map && rule.kind != KeyRule::Kind::List) {
      const Json value = value_json(rule);
      any.insert(any.end(), value["anyOf"].begin(), value["anyOf"].end());
    }
  }
  if (is_map) {
    any.push_back(shape.seen_map ? map_json(shape, false) : Json{{"type", "object"}});
  }
  if (is_list) {
    Json list{{"type", "array"}};
    if (shape.items) {
      list["items"] = shape_json(*shape.items);
    }
    any.push_back(list);
  }
  if (any.empty()) {
    return Json::object();
  }
  return any.size() == 1 ? any.front() : Json{{"anyOf", any}};
}

}  // namespace

std::string json_schema(const std::vector<ConfigNode>& read, const std::string& title,
                        const std::string& description) {
  Shape root;
  for (const ConfigNode& node : read) {
    add_map(root, node.document_root());
  }
  Json json{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
            {"title", title},
            {"description", description}};
  json.update(map_json(root, true));
  return json.dump(1) + '\n';
}

}  // namespace systole
