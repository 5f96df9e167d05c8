#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "arch/isa/completion_order.h"

namespace systole {

/// Bytes of the unified buffer that one instruction writes and the same ones read.
struct BufferLife {
  std::int64_t bytes = 0;
  InstructionRef writer;
  /// The last instruction of each engine that reads them before they are written again, in the
  /// order of engines.
  std::vector<InstructionRef> last_readers;

  bool operator==(const BufferLife&) const = default;
};

/// Everything that is written and read, when instructions take effect one by one in the given
/// order, each reading before it writes (buffer_bytes.h says which bytes). Bytes that nobody reads
/// are left out. Of a program that `verify` accepts every order in which it can complete gives the
/// same: there, a reader starts when the writer has completed, and a byte is written again when its
/// readers have.
[[nodiscard]] std::vector<BufferLife> buffer_lives(const Program& program,
                                                   std::span<const InstructionRef> order);

}  // namespace systole
