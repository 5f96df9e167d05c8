#pragma once

#include <cstdint>

#include "arch/chip_spec.h"
#include "arch/isa/instruction.h"
#include "arch/units/units.h"

namespace systole {

/// What a row loop costs.
///
/// Cycles, with ports of its own: latency + rows * the sum over its passes (row_loop.h). A step
/// handles up to `lanes` elements of a row; a stage that makes a row, or reduces one, has
/// ceil(cols / lanes) slots, one that makes a single number one, and a window as many for each
/// kernel element. A pass of a loop of class
///   activation, elementwise, pooling, softmax   the most slots of a stage * pace(class)
///   stages                                      the longest of
///                                                 ceil(s / alus) * pace(elementwise), s slots of
///                                                   pairs, masks, and scales but of sums
///                                                 s * pace(reduction), s slots of reductions
///                                                 s * pace(transcendental), s slots of functions
///                                                 s * pace(activation), s slots of sums
///                                                 s * pace(pooling), s slots of windows
///                                                 the most slots of a stage
/// whatever the type; a function of the store costs nothing more (a pipelined unit of its own in
/// each lane), nor do clamps and lookups.
/// Buffer accesses, beside the steps: every row read or written takes ceil(row bytes / port width);
/// a window reads one row of channels per kernel element. Biases and tables are read first, once,
/// ceil(bytes / port width); then what the loads say, the first of each pass and what all rows
/// share as the first operand, the others as the second. Not modelled: the reduction across lanes
/// and divisions, beyond `latency`; that a pass waits for the one before, of the same row.
struct VectorTiming {
  CoreCycles compute{0};
  std::int64_t first_reads = 0;   ///< parameters, then the first operand
  std::int64_t second_reads = 0;  ///< loads behind the first of a pass
  std::int64_t writes = 0;
  std::int64_t accumulator_reads = 0;
  std::int64_t elements = 0;  ///< produced
};

/// Where the streams of a loop begin: addresses of the unified buffer, an accumulator entry. A
/// stream that the loop does not have begins at 0.
struct VectorSources {
  std::int64_t first = 0;  ///< of the parameters where there are some, else of the first load
  std::int64_t second = 0;
  std::int64_t accumulator = 0;
};
[[nodiscard]] VectorSources sources_of(const RowLoop& loop);

/// The operands that begin them; -1 where there is none.
struct VectorOperands {
  std::int32_t first = -1;
  std::int32_t second = -1;
  bool has_sums = false;
};
[[nodiscard]] VectorOperands operands_of(const RowLoop& loop);
[[nodiscard]] VectorSources sources_of(const RowLoop& loop, const VectorOperands& operands);

[[nodiscard]] VectorTiming vector_timing(const VectorUnitSpec& spec, Bytes port_width,
                                         const RowLoop& loop);

}  // namespace systole
