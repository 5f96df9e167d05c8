#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace systole {

/// Bytes behind addresses from 0 on, with every access checked. Does not own them.
class ByteMemory {
 public:
  ByteMemory(std::string name, std::span<std::int8_t> bytes)
      : name_(std::move(name)), bytes_(bytes) {}

  /// The bytes address .. address + size - 1. Throws InternalError
  /// `NAME address A of N bytes is outside 0..SIZE` when some of them do not exist.
  [[nodiscard]] std::span<std::int8_t> at(std::int64_t address, std::int64_t size) const {
    if (address < 0 || size < 0 || address > static_cast<std::int64_t>(bytes_.size()) - size) {
      fail(address, size);
    }
    return bytes_.subspan(static_cast<std::size_t>(address), static_cast<std::size_t>(size));
  }

 private:
  [[noreturn]] void fail(std::int64_t address, std::int64_t size) const;

  std::string name_;
  std::span<std::int8_t> bytes_;
};

/// Little-endian 32-bit value at the front of `bytes`.
[[nodiscard]] std::int32_t int32_at(std::span<const std::int8_t> bytes, std::size_t index);

}  // namespace systole
