#include "arch/config/cross_check.h"

#include <fmt/format.h>

namespace systole {

std::string CheckedValue::mention() const {
  const ConfigNode child = node.child(key);
  return fmt::format("{} ({}, line {})", child.path(), shown, child.location().line);
}

void fail_against(const CheckedValue& value, std::string_view rule, const CheckedValue& other) {
  value.node.fail(value.key,
                  fmt::format("expected {} {}, got '{}'", rule, other.mention(), value.shown));
}

std::int64_t power_of_two(const ConfigNode& node, std::string_view key, Range range) {
  const std::int64_t value = node.integer(key, range);
  require_power_of_two(node, key, value, fmt::format("{}", value));
  return value;
}

void require_power_of_two(const ConfigNode& node, std::string_view key, std::int64_t value,
                          std::string_view shown) {
  if (value <= 0 || (value & (value - 1)) != 0) {
    node.fail(key, fmt::format("expected a power of two, got '{}'", shown));
  }
}

}  // namespace systole
