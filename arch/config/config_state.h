#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arch/config/config_node.h"
#include "arch/config/yaml_tree.h"

namespace systole {

/// One file, shared by all its nodes.
struct ConfigDocument {
  std::string file;
  std::vector<SourceLocation> origins;  ///< of overrides; item.origin - 1 is the index
  ConfigNode::Kind kind = ConfigNode::Kind::Config;
  YamlItem root;
  std::deque<YamlItem> computed;  ///< values that stand for what a formula of the file gives
  std::map<std::string, std::string, std::less<>> sources;
  std::vector<Fact> facts;
  std::vector<std::pair<int, int>> fact_places;  ///< line and column of each fact, ascending

  /// Throws ConfigError or WorkloadError, as the file's kind says.
  [[noreturn]] void fail(int line, int column, std::string_view path, std::string_view message,
                         int origin = 0) const;
  /// The same at an item, and at the key of a map's child.
  [[noreturn]] void fail_at(const YamlItem& item, std::string_view path,
                            std::string_view message) const;
  [[noreturn]] void fail_at_key(const YamlItem& item, std::string_view path,
                                std::string_view message) const;
};

struct ConfigNode::State {
  std::shared_ptr<ConfigDocument> document;
  YamlItem* item = nullptr;  ///< in the document's tree
  std::string path;
};

/// A value with the place that messages about it name.
struct ConfigValue {
  std::string text;
  int line = 0;
  int column = 0;
  std::string path;
  int origin = 0;
  std::string formula;  ///< that `text` was computed from, or nothing

  /// As messages name what they got: `'64.5', which is '$width / 2'`.
  [[nodiscard]] std::string quoted() const;
};

/// `nothing`, `a map`, `a list`, or the quoted text.
[[nodiscard]] std::string description_of(const YamlItem& item);

/// The value of `item`, written plainly or as {value, source, status}, recorded among the facts.
/// `expected` ("expected an integer") begins the message where there is no value.
[[nodiscard]] ConfigValue read_value(ConfigDocument& document, YamlItem& item,
                                     const std::string& path, std::string_view expected);

/// Checks the top-level `sources` map and moves it to `document.sources`.
void read_sources(ConfigDocument& document);

}  // namespace systole
