#pragma once

#include <cstdint>
#include <vector>

#include "arch/isa/stream.h"

namespace systole {

/// The bytes begin .. end - 1 of the unified buffer.
struct ByteRun {
  std::int64_t begin = 0;
  std::int64_t end = 0;

  bool operator==(const ByteRun&) const = default;
};

/// The bytes of the unified buffer that an instruction reads and writes, exactly: of a window the
/// elements that its outputs use, without padding and without what a stride skips. Runs are in
/// order of address and do not touch.
struct BufferBytes {
  std::vector<ByteRun> reads;
  std::vector<ByteRun> writes;
};

/// Overwrites `bytes`, whose memory is used again.
void find_buffer_bytes(const Operation& operation, BufferBytes& bytes);
void find_buffer_bytes(const StreamInstruction& instruction, BufferBytes& bytes);

}  // namespace systole
