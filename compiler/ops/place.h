#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "arch/diag/error.h"

namespace systole {

/// What a message about a piece of a network's file names.
struct Place {
  SourceLocation location;
  std::string path;

  [[noreturn]] void fail(std::string_view message) const {
    throw WorkloadError(location, path, message);
  }
};

/// Where an operator is written, and those of its attributes that are.
struct OpPlace {
  Place op;
  std::map<std::string, Place, std::less<>> attributes;

  [[nodiscard]] bool has(std::string_view key) const {
    return attributes.find(key) != attributes.end();
  }
  [[noreturn]] void fail(std::string_view message) const { op.fail(message); }
  /// At the attribute, where it is written.
  [[noreturn]] void fail(std::string_view key, std::string_view message) const {
    const auto found = attributes.find(key);
    (found == attributes.end() ? op : found->second).fail(message);
  }
};

}  // namespace systole
