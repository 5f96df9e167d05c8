#pragma once

#include "arch/isa/program.h"
#include "arch/trace.h"
#include "report/levels.h"

namespace systole {

/// Bytes of the unified buffer that hold data which somebody will still read.
///
/// Rule: instructions take effect one by one, in the order in which they completed (in one cycle:
/// in the order of engines, then of their streams); each reads, then writes
/// (arch/isa/buffer_bytes.h says which bytes). A byte counts from the completion of the instruction
/// that wrote it to the completion of the last instruction that read it before it was written again
/// or the run ended; a byte that nobody reads does not count. For a program that `verify` accepts
/// this is what the memory holds, because there a reader starts when the writer has completed, and
/// a byte is written again when its readers have. Not modelled: parts of an instruction. A tensor
/// that is streamed out is held until the transfer has ended.
[[nodiscard]] Levels buffer_levels(const Program& program, const RunTrace& trace);

}  // namespace systole
