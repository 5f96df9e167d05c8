#include "arch/config/config_override.h"

#include <algorithm>

#include <fmt/format.h>

#include "arch/config/config_node.h"
#include "arch/config/config_rules.h"
#include "arch/config/config_state.h"
#include "arch/config/text_file.h"

namespace systole {

namespace {

void forget_reading(YamlItem& item) {
  item.used = false;
  item.recorded = false;
  item.asked_keys.clear();
  item.read_as = {};
  item.user_keys = false;
  for (YamlItem& child : item.children) {
    forget_reading(child);
  }
}

[[noreturn]] void fail_override(const ConfigDocument& document, const ConfigOverride& value,
                                std::string_view path, std::string_view message) {
  if (document.kind == ConfigNode::Kind::Workload) {
    throw WorkloadError(value.where, path, message);
  }
  throw ConfigError(value.where, path, message);
}

std::vector<std::string> keys_of(const ConfigDocument& document, const ConfigOverride& value) {
  std::vector<std::string> keys;
  std::size_t begin = 0;
  while (begin <= value.path.size()) {
    const std::size_t end = std::min(value.path.find('.', begin), value.path.size());
    keys.push_back(value.path.substr(begin, end - begin));
    begin = end + 1;
    if (keys.back().empty()) {
      fail_override(
          document, value, {},
          fmt::format("expected keys with dots between them, got {}", in_quotes(value.path)));
    }
  }
  return keys;
}

YamlItem placed(const ConfigOverride& value, int origin, const std::string& key) {
  YamlItem item;
  item.line = value.where.line;
  item.column = value.where.column;
  item.origin = origin;
  item.key = key;
  item.key_line = value.where.line;
  item.key_column = value.where.column;
  return item;
}

void put(ConfigDocument& document, const ConfigOverride& value) {
  document.origins.push_back(value.where);
  const auto origin = static_cast<int>(document.origins.size());
  YamlItem* item = &document.root;
  std::string path;
  for (const std::string& key : keys_of(document, value)) {
    if (item->kind == YamlItem::Kind::Null) {
      item->kind = YamlItem::Kind::Map;
    }
    if (item->kind != YamlItem::Kind::Map) {
      fail_override(
          document, value, path_of_key(path, key),
          fmt::format("expected a key of a map, but {} is {}", path, description_of(*item)));
    }
    path = path_of_key(path, key);
    YamlItem* child = item->find(key);
    item = child != nullptr ? child : &item->children.emplace_back(placed(value, origin, key));
  }
  YamlItem scalar = placed(value, origin, item->key);
  scalar.kind = YamlItem::Kind::Scalar;
  scalar.text = value.text;
  *item = std::move(scalar);
}

/// True for {value, source, status}.
bool is_long_form(const YamlItem& item) {
  return item.kind == YamlItem::Kind::Map &&
         std::any_of(item.children.begin(), item.children.end(),
                     [](const YamlItem& child) { return child.key == "value"; });
}

void collect(const YamlItem& item, const std::string& path, std::vector<std::string>& lines) {
  switch (item.kind) {
    case YamlItem::Kind::Null:
      lines.push_back(fmt::format("{}=\n", path));
      return;
    case YamlItem::Kind::Scalar:
      lines.push_back(fmt::format("{}={}\n", path, item.text));
      return;
    case YamlItem::Kind::List:
      for (std::size_t index = 0; index < item.children.size(); ++index) {
        collect(item.children[index], path_of_element(path, index), lines);
      }
      return;
    case YamlItem::Kind::Map:
      break;
  }
  const bool is_figure = is_long_form(item);
  for (const YamlItem& child : item.children) {
    const bool is_root_prose = path.empty() && (child.key == "name" || child.key == "description" ||
                                                child.key == "sources");
    if (is_figure && child.key == "value") {
      collect(child, path, lines);
    } else if (!is_figure && !is_root_prose) {
      collect(child, path_of_key(path, child.key), lines);
    }
  }
}

const AskedKey* asked_key(const YamlItem& map, std::string_view key) {
  const auto found = std::find_if(map.asked_keys.begin(), map.asked_keys.end(),
                                  [&](const AskedKey& asked) { return asked.name == key; });
  return found == map.asked_keys.end() ? nullptr : &*found;
}

}  // namespace

ConfigNode ConfigNode::with(const std::vector<ConfigOverride>& values) const {
  auto document = std::make_shared<ConfigDocument>(*state_->document);
  document->facts.clear();
  document->fact_places.clear();
  forget_reading(document->root);
  if (YamlItem* sources = document->root.find("sources")) {
    sources->used = true;
  }
  for (const ConfigOverride& value : values) {
    put(*document, value);
  }
  YamlItem* root = &document->root;
  return ConfigNode(
      std::make_shared<State>(State{.document = std::move(document), .item = root, .path = {}}));
}

void ConfigNode::check(const ConfigOverride& value) const {
  const ConfigDocument& document = *state_->document;
  YamlItem* item = &state_->document->root;
  std::string path;
  const AskedKey* asked = nullptr;
  for (const std::string& key : keys_of(document, value)) {
    if (item == nullptr) {  // within an optional map that this file leaves out
      return;
    }
    if (item->kind != YamlItem::Kind::Map || (!path.empty() && is_long_form(*item))) {
      fail_override(document, value, path_of_key(path, key),
                    fmt::format("expected a key of a map, but {} is {}", path,
                                is_long_form(*item) ? in_quotes(item->find("value")->text)
                                                    : description_of(*item)));
    }
    asked = asked_key(*item, key);
    path = path_of_key(path, key);
    if (asked == nullptr) {
      fail_override(document, value, path, unknown_key_message(*item, key));
    }
    item = item->find(key);
  }
  ConfigDocument written{.file = value.where.file, .kind = document.kind};
  YamlItem scalar = placed(value, 0, {});
  scalar.kind = YamlItem::Kind::Scalar;
  scalar.text = value.text;
  if (asked != nullptr) {
    check_rule(written, scalar, path, asked->rule);
  }
}

YamlItem& ConfigNode::document_root() const {
  return state_->document->root;
}

std::string ConfigNode::content() const {
  std::vector<std::string> lines;
  collect(state_->document->root, {}, lines);
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) {
    text += line;
  }
  return text;
}

std::optional<std::string> ConfigNode::value_at(const std::string& path) const {
  const ConfigOverride place{.path = path, .text = {}, .where = location()};
  YamlItem* item = &state_->document->root;
  for (const std::string& key : keys_of(*state_->document, place)) {
    item = item->kind == YamlItem::Kind::Map ? item->find(key) : nullptr;
    if (item == nullptr) {
      return std::nullopt;
    }
  }
  if (is_long_form(*item)) {
    item = item->find("value");
  }
  return item->kind == YamlItem::Kind::Scalar ? std::optional(item->text) : std::nullopt;
}

}  // namespace systole
