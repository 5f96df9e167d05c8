#pragma once

#include <cstdint>
#include <vector>

#include "arch/isa/instruction.h"
#include "sim/memory/byte_memory.h"

namespace systole {

/// Reads what a Window describes (arch/isa/instruction.h) from the unified buffer.
class WindowReader {
 public:
  /// `type`: of the elements.
  WindowReader(const Window& window, DataType type, const ByteMemory& buffer)
      : window_(window), type_(type), buffer_(buffer) {}

  /// One output position of the window.
  struct Position {
    std::int64_t image = 0;
    std::int64_t out_row = 0;
    std::int64_t out_col = 0;
  };
  [[nodiscard]] Position position(std::int64_t index) const;

  /// `count` channels from `channel` on under kernel element (ky, kx); empty when it lies in the
  /// padding. Throws InternalError when the bytes lie outside the buffer, or when `channel` begins
  /// in the middle of a byte (of two int4).
  [[nodiscard]] std::span<const std::int8_t> channels(const Position& at, std::int64_t ky,
                                                      std::int64_t kx, std::int64_t channel,
                                                      std::int64_t count) const;

 private:
  const Window& window_;
  DataType type_;
  const ByteMemory& buffer_;
};

}  // namespace systole
