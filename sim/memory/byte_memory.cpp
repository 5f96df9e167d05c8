#include "sim/memory/byte_memory.h"

#include <fmt/format.h>

#include "arch/diag/error.h"

namespace systole {

void ByteMemory::fail(std::int64_t address, std::int64_t size) const {
  throw InternalError(fmt::format("{} address {} of {} bytes is outside 0..{}", name_, address,
                                  size, bytes_.size()));
}

std::int32_t int32_at(std::span<const std::int8_t> bytes, std::size_t index) {
  std::uint32_t value = 0;
  for (std::size_t byte = 4; byte-- > 0;) {
    value = value << 8U | static_cast<std::uint8_t>(bytes[4 * index + byte]);
  }
  return static_cast<std::int32_t>(value);
}

}  // namespace systole
