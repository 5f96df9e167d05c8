#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace systole {

struct QuantityUnits;
struct MeasureUnits;

/// What a reader asked a value to be; `schema` writes it down for editors.
struct KeyRule {
  enum class Kind : std::uint8_t {
    Any,
    Map,
    List,
    Text,
    Integer,
    Real,
    Boolean,
    Quantity,
    Measure,
    Choice
  };

  Kind kind = Kind::Any;
  std::int64_t min = std::numeric_limits<std::int64_t>::min();  ///< of integers and quantities
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  double real_min = -std::numeric_limits<double>::infinity();  ///< of numbers and measures
  double real_max = std::numeric_limits<double>::infinity();
  const QuantityUnits* quantity = nullptr;
  const MeasureUnits* measure = nullptr;
  std::vector<std::string_view> choices;  ///< names of an enumeration
};

/// A key that the reader of a map knows.
struct AskedKey {
  std::string name;
  bool optional = false;  ///< the reader asked whether it is there
  bool required = false;  ///< the reader took it for granted
  KeyRule rule;
};

/// A parsed YAML node with the place where it was written; lines and columns from 1.
struct YamlItem {
  enum class Kind : std::uint8_t { Null, Scalar, List, Map };

  Kind kind = Kind::Null;
  int line = 1;
  int column = 1;
  std::string text;     ///< of a scalar, as written, quotes removed
  std::string formula;  ///< that the text was computed from, or nothing
  std::vector<YamlItem> children;

  int origin = 0;  ///< which of the document's files the places are in; 0: its own

  // of a map's child
  std::string key;
  int key_line = 0;
  int key_column = 0;

  // bookkeeping of the reader
  bool used = false;                 ///< somebody asked for it
  bool recorded = false;             ///< it is among the facts
  std::vector<AskedKey> asked_keys;  ///< keys that the reader of this map knows
  KeyRule read_as;                   ///< of an element of a list
  bool user_keys = false;            ///< a map whose keys are the user's own names

  [[nodiscard]] YamlItem* find(std::string_view wanted);
};

/// `matrix_unit` + `rows` -> `matrix_unit.rows`; `layers` + 3 -> `layers[3]`.
[[nodiscard]] std::string path_of_key(const std::string& parent, std::string_view key);
[[nodiscard]] std::string path_of_element(const std::string& parent, std::size_t index);

/// Parses one YAML document of maps, lists and plain or quoted values. What commonly goes wrong in
/// configuration files is an error here: repeated keys, several documents, anchors, aliases, merge
/// keys, tags, keys that are not text, more than 64 levels. Throws TextFault.
[[nodiscard]] YamlItem parse_yaml(const std::string& text);

}  // namespace systole
