#pragma once

#include <fmt/format.h>

#include "arch/diag/error.h"

namespace systole {

[[noreturn]] void raise_internal_error(const char* file, int line, const char* condition,
                                       const std::string& message);

}  // namespace systole

/// Our own invariants, on in every build. The message is an fmt format string with its values.
// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): the one macro; it needs the condition's text.
#define SYSTOLE_CHECK(condition, ...)                                                            \
  do {                                                                                           \
    if (!(condition)) {                                                                          \
      ::systole::raise_internal_error(__FILE__, __LINE__, #condition, fmt::format(__VA_ARGS__)); \
    }                                                                                            \
  } while (false)
