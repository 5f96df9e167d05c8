#pragma once

#include <cstdint>
#include <functional>

#include "arch/chip_spec.h"
#include "arch/isa/program.h"
#include "compiler/schedule/program_builder.h"

namespace systole {

/// Part `part` by itself, in place `place` of the memory of those in flight, as a builder `aside()`
/// made it.
using ProgramOfPart = std::function<Program(std::int64_t part, std::int64_t place)>;

/// Appends the instructions of parts that need nothing of one another, `in_flight` of them at a
/// time; where one has ended, the next one begins in its place.
///
/// Of each part the instructions of an engine stay in their order, and behind what they wait for;
/// between parts the order is that in which they could start (`time_of`): the earliest first, of
/// those that start as early what empties accumulators, and the oldest or the youngest part's,
/// whichever ends sooner. So an engine takes turns: while a part waits for another engine, the next
/// part has this one.
///
/// Tiles go through a FIFO in order, so a tile's load is appended with the fold that takes it.
/// Where a part goes on with a tile after another part had a turn on its matrix unit, the tile is
/// loaded once more; a turn is taken only where the first part's fold would start later than that
/// costs. No turn is taken while sums stay in the array, or the tile is a part of an activation.
void append_interleaved(const ChipSpec& chip, std::int64_t parts, std::int64_t in_flight,
                        const ProgramOfPart& program_of, ProgramBuilder& builder);

/// How long a program takes by the same estimates, which know neither rows of DRAM nor ports that
/// engines share: within 3 % of simulation for the runs in docs/compiler.md (Parts in flight).
[[nodiscard]] CoreCycles program_time(const ChipSpec& chip, const Program& program);

}  // namespace systole
