#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "arch/diag/error.h"

namespace systole {

/// Runs a reader on some bytes. A UserError is what it is to end with; anything else is a find.
template <class Read>
int read_bytes(const std::uint8_t* data, std::size_t size, const Read& read) {
  try {
    read(std::string_view(reinterpret_cast<const char*>(data), size));
  } catch (const UserError&) {
    return 0;
  }
  return 0;
}

/// A file of this process with these bytes, its name ending so.
[[nodiscard]] std::string file_of(std::string_view bytes, std::string_view ending);

}  // namespace systole
