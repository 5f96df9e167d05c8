#pragma once

#include <algorithm>
#include <cstdint>

#include "arch/chip_spec.h"
#include "compiler/lowering/gemm_loops.h"
#include "compiler/lowering/tiles.h"
#include "compiler/mapping/weights.h"

namespace systole {

/// What the products of a layer, or of a band of it, cost: estimates by which ways to run it are
/// compared, in closed form. The simulator alone says what they really take.
struct GemmCost {
  CoreCycles array{0};    ///< of the array, what it waits for places in the FIFO among them
  CoreCycles vector{0};   ///< of the vector unit that empties the accumulators
  CoreCycles weights{0};  ///< of the DRAM that delivers the weights
  Bytes weight_bytes{0};  ///< how many, those that are fetched again counted again

  /// The busiest of the three: they overlap.
  [[nodiscard]] CoreCycles cycles() const { return std::max({array, vector, weights}); }
  [[nodiscard]] std::int64_t score(const Weights& by = {}) const {
    return by.score(cycles(), weights);
  }
};

/// Cost on one matrix unit of `positions` output positions of a layer cut as `grid` says, run as
/// `loops` say.
///
/// A tile meets a chunk of c positions in (docs/timing.md has the rules):
///   weight stationary  max(c x step, rows), where step is the longer of the pace and the accesses
///                      of buffer and accumulators; without its load no less than c x step
///   input stationary   a fold for each `columns` positions: max(n x pace, rows, accesses)
///   output stationary  a fold for each `rows` positions: max(k x pace, accesses), and no less than
///                      `rows` where it unloads
/// Without overlap each fold has its load (or unload) and the drain, rows + columns - 2, to itself.
/// A FIFO of F tiles has a place again only when the array lets go of one, so a tile that is loaded
/// takes no less than (latency + delivery + held) / F. One that comes from the buffer takes no less
/// than its accesses there. One whose elements are converted takes no less than that, either, which
/// a place in the FIFO waits for, too.
///
/// Not modelled: rows of DRAM and refresh, conflicts of banks, the sequencer.
[[nodiscard]] GemmCost gemm_cost(const ChipSpec& chip, const TileGrid& grid, DataType type,
                                 std::int64_t positions, const GemmLoops& loops);

/// Of one request: the row opens, the first burst comes.
[[nodiscard]] CoreCycles dram_latency(const ChipSpec& chip);

/// Cycles in which DRAM moves `bytes` in `requests` of one engine: at the peak of its buses, or as
/// fast as the engine's outstanding requests come back.
[[nodiscard]] CoreCycles dram_cycles(const ChipSpec& chip, Bytes bytes, std::int64_t requests);

}  // namespace systole
