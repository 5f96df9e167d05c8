#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "arch/config/config_node.h"

namespace systole {

/// One value that a cross-check compares with another: the map and key where it was written, and
/// the value as messages show it.
struct CheckedValue {
  const ConfigNode& node;
  std::string_view key;
  std::string shown;

  /// `unified_buffer.banks (2, line 19)`, for the message about the other value.
  [[nodiscard]] std::string mention() const;
};

/// Throws at `value`: "expected RULE OTHER, got VALUE", naming the place of both.
[[noreturn]] void fail_against(const CheckedValue& value, std::string_view rule,
                               const CheckedValue& other);

/// Reads an integer and requires a power of two.
[[nodiscard]] std::int64_t power_of_two(const ConfigNode& node, std::string_view key, Range range);

/// Throws at the key unless `value` is a power of two; `shown` is the value as messages show it.
void require_power_of_two(const ConfigNode& node, std::string_view key, std::int64_t value,
                          std::string_view shown);

}  // namespace systole
