#pragma once

#include <cstdint>
#include <vector>

#include "arch/isa/program.h"
#include "arch/trace.h"
#include "report/levels.h"

namespace systole {

/// Bytes of a core's unified buffer that hold data which somebody will still read.
///
/// Rule: instructions take effect one by one, in the order in which they completed (in one cycle:
/// in the order of engines, then of their streams); each reads, then writes
/// (arch/isa/buffer_bytes.h says which bytes). A byte counts from the completion of the instruction
/// that wrote it to the completion of the last instruction that read it before it was written again
/// or the run ended; a byte that nobody reads does not count. For a program that `verify` accepts
/// this is what the memory holds, because there a reader starts when the writer has completed, and
/// a byte is written again when its readers have. Not modelled: parts of an instruction. A tensor
/// that is streamed out is held until the transfer has ended.
[[nodiscard]] Levels buffer_levels(const Program& program, const RunTrace& trace,
                                   std::uint16_t core = 0);

/// Bytes that instructions of a layer wrote.
struct BufferOwner {
  std::int32_t layer = 0;
  std::int64_t bytes = 0;

  bool operator==(const BufferOwner&) const = default;
};

/// What a core's unified buffer holds at a cycle.
struct BufferMoment {
  CoreCycles at{0};
  std::int64_t bytes = 0;
  std::vector<BufferOwner> owners;  ///< the largest ones, by bytes and then by layer

  bool operator==(const BufferMoment&) const = default;
};

/// The same levels with the layers that they belong to: the run is cut into at most `most` equal
/// intervals, and each shows the first cycle in it at which the buffer held most. Each has at most
/// kBufferOwners owners.
inline constexpr std::size_t kBufferOwners = 5;
[[nodiscard]] std::vector<BufferMoment> buffer_moments(const Program& program,
                                                       const RunTrace& trace, std::int64_t most,
                                                       std::uint16_t core = 0);

}  // namespace systole
