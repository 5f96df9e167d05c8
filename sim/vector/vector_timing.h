#pragma once

#include <cstdint>

#include "arch/chip_spec.h"
#include "arch/isa/instruction.h"
#include "arch/units/units.h"

namespace systole {

/// What a vector instruction costs.
///
/// Cycles, with ports of its own: latency + steps * pace(class). A step handles up to `lanes`
/// elements of one row:
///   Requantize, Convert (activation)   rows * ceil(cols / lanes)
///   Rescale, Add (elementwise)         rows * ceil(cols / lanes)
///   Pool (pooling)                     count * ceil(channels / lanes) * kernel_rows * kernel_cols
///   Softmax (softmax)                  rows * ceil(cols / lanes) * 3: maximum, sum, quotient
///   RowLoop                            rows * the sum over its passes (row_loop.h) of the longest
///   of
///                                        ceil(s / alus) * pace(elementwise), s slots of pairs,
///                                        masks s * pace(reduction), s slots of reductions s *
///                                        pace(transcendental), s slots of functions
///                                      where a stage that makes a row, or reduces one, has
///                                      ceil(cols / lanes) slots and one of a single number one; a
///                                      pass that meets rows takes ceil(cols / lanes) at least
/// whatever the type, a sigmoid or a tanh included (a pipelined unit of its own in each lane).
/// Buffer accesses, beside the steps: every row read or written takes ceil(row bytes / port width);
/// Pool reads one row of channels per kernel element, Softmax each row in every pass, RowLoop what
/// its loads say, the first of each pass and what all rows share as the first operand, the others
/// as the second; biases and tables are read first, ceil(bytes / port width). Not modelled: the
/// reduction across lanes and the divisions of Softmax and Average, beyond `latency`; that a pass
/// waits for the one before, of the same row.
struct VectorTiming {
  CoreCycles compute{0};
  std::int64_t first_reads = 0;   ///< parameters, then the first operand
  std::int64_t second_reads = 0;  ///< second operand of Add
  std::int64_t writes = 0;
  std::int64_t accumulator_reads = 0;
  std::int64_t elements = 0;  ///< produced
};

/// Where the streams of an instruction begin: addresses of the unified buffer, an accumulator
/// entry. A stream that the instruction does not have begins at 0.
struct VectorSources {
  std::int64_t first = 0;  ///< of the parameters where there are some, else of the first operand
  std::int64_t second = 0;
  std::int64_t accumulator = 0;
};
[[nodiscard]] VectorSources sources_of(const Operation& operation);

/// `operation` is one of the vector unit's kinds.
[[nodiscard]] VectorTiming vector_timing(const VectorUnitSpec& spec, Bytes port_width,
                                         const Operation& operation);

}  // namespace systole
