#pragma once

#include "arch/chip_spec.h"
#include "compiler/graph/graph.h"
#include "compiler/mapping/mapping.h"
#include "compiler/mapping/operand_homes.h"

namespace systole {

/// How long a layer takes by itself, from an idle chip to its last byte: an estimate by which ways
/// to run it are compared where `layer_cost`, which knows no order, sees none or the wrong one.
///
/// Each engine has a time up to which it is busy, and the instructions of the layer pass through
/// them in the order in which the compiler writes them (docs/timing.md has the rules):
///   load     of the next band when the one before the last has been read; pieces of 32 KiB
///   tile     when the FIFO has a place, behind the tiles before it
///   fold     behind the fold, its load, the rows that it reads, and what empties its accumulators
///   results  behind the last sum of their fold, and the results before them
///   store    behind the results of its band
/// Of bands, rounds of output slices, chunks, slices of the reduction and pieces that go on alike,
/// the first few and the last are followed; the others take as long as the one before them, engine
/// by engine. So the estimate is flat in the size of array and layer.
///
/// Not modelled: rows of DRAM and refresh, engines that wait for each other at ports or banks, the
/// other units of a round but for the weights and results that they need as well.
struct LayerTime {
  CoreCycles cycles{0};
  CoreCycles array{0};   ///< of these a matrix unit multiplies
  CoreCycles vector{0};  ///< and the vector unit works
  CoreCycles dram{0};    ///< and the DRAM's buses do

  LayerTime& operator+=(const LayerTime& other) {
    cycles += other.cycles;
    array += other.array;
    vector += other.vector;
    dram += other.dram;
    return *this;
  }
};
[[nodiscard]] LayerTime layer_times(const ChipSpec& chip, const Graph& graph, const Node& node,
                                    const LayerMapping& mapping, const OperandHomes& homes);
/// The cycles alone.
[[nodiscard]] CoreCycles layer_time(const ChipSpec& chip, const Graph& graph, const Node& node,
                                    const LayerMapping& mapping, const OperandHomes& homes);

}  // namespace systole
