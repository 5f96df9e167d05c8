#pragma once

#include <cstdint>
#include <vector>

#include "arch/isa/instruction.h"
#include "sim/memory/byte_memory.h"

namespace systole {

/// Reads what a Window describes (arch/isa/instruction.h) from the unified buffer.
class WindowReader {
 public:
  WindowReader(const Window& window, std::int64_t element_bytes, const ByteMemory& buffer)
      : window_(window), element_bytes_(element_bytes), buffer_(buffer) {}

  /// One output position of the window.
  struct Position {
    std::int64_t image = 0;
    std::int64_t out_row = 0;
    std::int64_t out_col = 0;
  };
  [[nodiscard]] Position position(std::int64_t index) const;

  /// `count` channels from `channel` on under kernel element (ky, kx); empty when it lies in the
  /// padding. Throws InternalError when the bytes lie outside the buffer.
  [[nodiscard]] std::span<const std::int8_t> channels(const Position& at, std::int64_t ky,
                                                      std::int64_t kx, std::int64_t channel,
                                                      std::int64_t count) const;

 private:
  const Window& window_;
  std::int64_t element_bytes_;
  const ByteMemory& buffer_;
};

}  // namespace systole
