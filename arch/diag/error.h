#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace systole {

/// A place in an input file; line and column count from 1, 0 means unknown.
struct SourceLocation {
  std::string file;
  int line = 0;
  int column = 0;
};

/// A mistake in what the user gave us. `what()` is the one line to print:
/// `file:line:column: path: expected ..., got ...`. Only `app` catches it, prints it and exits 2.
class UserError : public std::runtime_error {
 public:
  UserError(const SourceLocation& where, std::string_view path, std::string_view message);
  /// For mistakes without a place in a file (command line, a file that cannot be opened).
  explicit UserError(const std::string& message) : std::runtime_error(message) {}
};

/// A mistake in a chip, DRAM or other configuration file.
class ConfigError : public UserError {
 public:
  using UserError::UserError;
};

/// A mistake in a network or its data, or a network that cannot run on the chip.
class WorkloadError : public UserError {
 public:
  using UserError::UserError;
};

/// A mistake of ours, found at run time by SYSTOLE_CHECK.
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

}  // namespace systole
