#include <algorithm>

#include <fmt/format.h>

#include "arch/config/config_state.h"
#include "arch/config/near_name.h"
#include "arch/config/text_file.h"

namespace systole {

namespace {

constexpr std::string_view kValueKey = "value";
constexpr std::string_view kSourceKey = "source";
constexpr std::string_view kStatusKey = "status";

std::vector<std::string_view> status_names() {
  std::vector<std::string_view> names;
  names.reserve(kEnumNames<FactStatus>.size());
  for (const auto& entry : kEnumNames<FactStatus>) {
    names.push_back(entry.second);
  }
  return names;
}

/// The long form of a value: which keys it has, and that each is a plain value.
void check_long_form(const ConfigDocument& document, YamlItem& item, const std::string& path,
                     std::string_view expected) {
  const std::vector<std::string_view> known{kValueKey, kSourceKey, kStatusKey};
  if (item.find(kValueKey) == nullptr) {
    document.fail_at(item, path, fmt::format("{}, got a map", expected));
  }
  for (YamlItem& child : item.children) {
    const std::string child_path = path_of_key(path, child.key);
    if (std::find(known.begin(), known.end(), child.key) == known.end()) {
      document.fail_at_key(child, child_path,
                           fmt::format("expected {}, got {}{}", one_of(known), in_quotes(child.key),
                                       suggestion(child.key, known)));
    }
    if (child.key != kValueKey && child.kind != YamlItem::Kind::Scalar) {
      document.fail_at(child, child_path,
                       fmt::format("expected text, got {}", description_of(child)));
    }
    child.used = true;
  }
}

FactStatus status_of(const ConfigDocument& document, YamlItem& item, const std::string& path) {
  const YamlItem* status = item.find(kStatusKey);
  const std::string expected = fmt::format("expected {}", one_of(status_names()));
  if (status == nullptr) {
    document.fail_at(item, path_of_key(path, kStatusKey), fmt::format("{}, got nothing", expected));
  }
  const std::optional<FactStatus> value = value_named<FactStatus>(status->text);
  if (!value) {
    document.fail_at(*status, path_of_key(path, kStatusKey),
                     fmt::format("{}, got {}{}", expected, in_quotes(status->text),
                                 suggestion(status->text, status_names())));
  }
  return *value;
}

/// Text of the source that a value names; only an assumption may name none.
std::string source_of(const ConfigDocument& document, YamlItem& item, const std::string& path,
                      FactStatus status) {
  const YamlItem* source = item.find(kSourceKey);
  if (source == nullptr) {
    if (status != FactStatus::Assumed) {
      document.fail_at(item, path_of_key(path, kSourceKey),
                       fmt::format("expected a key of sources for a value that is {}, got nothing",
                                   name_of(status)));
    }
    return {};
  }
  const auto found = document.sources.find(source->text);
  if (found == document.sources.end()) {
    std::vector<std::string_view> keys;
    for (const auto& [key, text] : document.sources) {
      keys.emplace_back(key);
    }
    document.fail_at(*source, path_of_key(path, kSourceKey),
                     fmt::format("expected a key of sources, got {}{}", in_quotes(source->text),
                                 suggestion(source->text, keys)));
  }
  return found->second;
}

void record(ConfigDocument& document, YamlItem& item, Fact fact) {
  if (item.recorded) {
    return;
  }
  item.recorded = true;
  const std::pair place{item.line, item.column};
  const auto at = std::upper_bound(document.fact_places.begin(), document.fact_places.end(), place);
  document.facts.insert(document.facts.begin() + (at - document.fact_places.begin()),
                        std::move(fact));
  document.fact_places.insert(at, place);
}

}  // namespace

void ConfigDocument::fail(int line, int column, std::string_view path, std::string_view message,
                          int origin) const {
  const SourceLocation where{
      .file = origin == 0 ? file : origins.at(static_cast<std::size_t>(origin) - 1).file,
      .line = line,
      .column = column};
  if (kind == ConfigNode::Kind::Workload) {
    throw WorkloadError(where, path, message);
  }
  throw ConfigError(where, path, message);
}

void ConfigDocument::fail_at(const YamlItem& item, std::string_view path,
                             std::string_view message) const {
  fail(item.line, item.column, path, message, item.origin);
}

void ConfigDocument::fail_at_key(const YamlItem& item, std::string_view path,
                                 std::string_view message) const {
  fail(item.key_line, item.key_column, path, message, item.origin);
}

std::string description_of(const YamlItem& item) {
  switch (item.kind) {
    case YamlItem::Kind::Null:
      return "nothing";
    case YamlItem::Kind::List:
      return "a list";
    case YamlItem::Kind::Map:
      return "a map";
    case YamlItem::Kind::Scalar:
      break;
  }
  return in_quotes(item.text);
}

ConfigValue read_value(ConfigDocument& document, YamlItem& item, const std::string& path,
                       std::string_view expected) {
  YamlItem* scalar = &item;
  Fact fact{.path = path, .value = {}, .source = {}, .status = FactStatus::Assumed};
  if (item.kind == YamlItem::Kind::Map) {
    check_long_form(document, item, path, expected);
    fact.status = status_of(document, item, path);
    fact.source = source_of(document, item, path, fact.status);
    scalar = item.find(kValueKey);
  }
  if (scalar->kind != YamlItem::Kind::Scalar) {
    document.fail_at(*scalar, path, fmt::format("{}, got {}", expected, description_of(*scalar)));
  }
  fact.value = scalar->text;
  record(document, item, std::move(fact));
  return {.text = scalar->text,
          .line = scalar->line,
          .column = scalar->column,
          .path = path,
          .origin = scalar->origin,
          .formula = scalar->formula};
}

std::string ConfigValue::quoted() const {
  return formula.empty() ? in_quotes(text)
                         : fmt::format("{}, which is {}", in_quotes(text), in_quotes(formula));
}

void read_sources(ConfigDocument& document) {
  YamlItem* sources = document.root.find("sources");
  if (sources == nullptr) {
    return;
  }
  sources->used = true;
  if (sources->kind != YamlItem::Kind::Map) {
    document.fail_at(
        *sources, "sources",
        fmt::format("expected a map of names to texts, got {}", description_of(*sources)));
  }
  for (const YamlItem& source : sources->children) {
    if (source.kind != YamlItem::Kind::Scalar || source.text.empty()) {
      document.fail_at(
          source, path_of_key("sources", source.key),
          fmt::format("expected the text of a source, got {}", description_of(source)));
    }
    document.sources.emplace(source.key, source.text);
  }
}

}  // namespace systole
