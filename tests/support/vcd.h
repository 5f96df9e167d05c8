#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace systole {

/// A value-change dump as a viewer reads it (IEEE 1364-2005, clause 18): what is read here is what
/// GTKWave shows.
struct Vcd {
  struct Change {
    std::int64_t at = 0;  ///< femtoseconds, whatever the file's time scale
    std::uint64_t value = 0;
  };
  struct Variable {
    int bits = 0;
    std::vector<Change> changes;  ///< in order of time
  };
  std::map<std::string, Variable> variables;  ///< by their path: `core.matrix.state`
  std::vector<std::string> comments;
  std::string date;
  std::int64_t end = 0;  ///< the last time of the file, femtoseconds

  /// From `at` on, until the next change.
  [[nodiscard]] std::uint64_t value(const std::string& path, std::int64_t at) const;
  /// Femtoseconds in which the variable had the value.
  [[nodiscard]] std::int64_t time_at(const std::string& path, std::uint64_t value) const;
};

/// Throws std::runtime_error with the line of what is no VCD, of a variable without declaration, of
/// a value wider than its variable, of unknown bits (x, z), and of times that go back.
[[nodiscard]] Vcd parse_vcd(const std::string& text);

}  // namespace systole
