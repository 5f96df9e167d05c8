#include "arch/diag/error.h"

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "arch/diag/printable.h"

namespace systole {

namespace {

std::string located(const SourceLocation& where, std::string_view path, std::string_view message) {
  std::string line = printable_path(where.file);
  if (where.line > 0) {
    line += fmt::format(":{}:{}", where.line, where.column);
  }
  line += ": ";
  if (!path.empty()) {
    line += fmt::format("{}: ", path);
  }
  return line.append(message);
}

}  // namespace

UserError::UserError(const SourceLocation& where, std::string_view path, std::string_view message)
    : std::runtime_error(located(where, path, message)) {}

void raise_internal_error(const char* file, int line, const char* condition,
                          const std::string& message) {
  throw InternalError(
      fmt::format("internal error: {}:{}: {} ({})", file, line, message, condition));
}

}  // namespace systole
