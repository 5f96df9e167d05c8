#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "arch/diag/printable.h"

namespace systole {

/// Why a file or a text cannot be read; `message` reads "expected ..., got ...". Whoever knows the
/// file's name turns it into a ConfigError or WorkloadError. Line and column from 1, 0: unknown.
struct TextFault {
  int line = 0;
  int column = 0;
  std::string path;
  std::string message;
};

/// The whole file. Throws TextFault for directories, missing or unreadable files and files above
/// `max_bytes`.
[[nodiscard]] std::string read_text_file(const std::string& file, std::size_t max_bytes);

/// Throws TextFault at the first byte that is no UTF-8 or a control character other than tab, line
/// feed and carriage return.
void check_text(std::string_view text);

}  // namespace systole
