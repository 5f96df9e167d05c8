#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "arch/config/config_node.h"

namespace systole {

/// Values of sizes by name, in place of a network's own.
using DimValues = std::map<std::string, std::int64_t>;

/// `k=512,m=2048`, in the order of names.
[[nodiscard]] std::string text_of(const DimValues& values);

/// What a user wants of a network's sizes.
struct DimChoice {
  DimValues values;   ///< in place of its own
  std::string phase;  ///< one of its `phases`, or nothing

  /// `(decode,context=4096)` behind the network's name; nothing where nothing is chosen.
  [[nodiscard]] std::string text() const;
};

/// Sizes of a network by name: its `dims`, each a number or a formula over others. A phase gives
/// some of them other formulas, and given values stand before both.
class Dims {
 public:
  Dims() = default;
  /// Reads `dims` and `phases` of a network file. Throws WorkloadError: for names that the file
  /// does not have, for sizes that need one another.
  Dims(const ConfigNode& root, const DimChoice& choice);

  [[nodiscard]] std::optional<std::int64_t> find(std::string_view name) const;
  [[nodiscard]] const std::map<std::string, std::int64_t, std::less<>>& values() const {
    return values_;
  }

 private:
  std::map<std::string, std::int64_t, std::less<>> values_;
};

/// Whether a value names sizes or parameters: `$width`, `4 * $hidden`.
[[nodiscard]] bool has_names(const ConfigNode& node);
/// The name of a text that is one name behind a `$` and nothing else.
[[nodiscard]] std::optional<std::string> lone_name(std::string_view text);
/// Calls `use` with every name behind a `$` in the values of a node and below it.
void for_each_name(const ConfigNode& node, const std::function<void(const std::string&)>& use);

/// What a formula gives, at its place; `number_of` knows the numbers of names. Throws
/// WorkloadError.
[[nodiscard]] ConfigNode evaluated(const ConfigNode& node,
                                   const std::function<double(const std::string&)>& number_of);

}  // namespace systole
