#pragma once

#include "arch/counters.h"
#include "arch/figure_rows.h"

namespace systole {

// The tables of the counters (arch/figure_rows.h).

template <>
inline constexpr auto kFigureRows<ActionCounters> = std::tuple{
    figure("macs", &ActionCounters::macs, "MACs", "products that the instructions asked for"),
    figure_by<MacKind>("macs_of_kind", &ActionCounters::macs_of_kind, "MACs",
                       "the same by kind of operands (`docs/chips.md`)"),
    figure("mac_slots", &ActionCounters::mac_slots, "PE-cycles",
           "steps of the streamed axis x pace x rows x columns of the array"),
    figure("folds", &ActionCounters::folds, "", "folds executed"),
    figure("weight_tiles", &ActionCounters::weight_tiles, "", "tiles taken from the weight FIFO"),
    figure("array_loads", &ActionCounters::array_loads, "",
           "tiles of weights or activations shifted into the array, to stay there"),
    figure("array_unloads", &ActionCounters::array_unloads, "",
           "tiles of sums shifted out of it, having stayed there"),
    figure("weight_bytes", &ActionCounters::weight_bytes, "bytes", "through the weight FIFO"),
    figure("weight_bytes_again", &ActionCounters::weight_bytes_again, "bytes",
           "read from it once more, where a tile streams again"),
    figure("buffer_reads", &ActionCounters::buffer_reads, "accesses",
           "of the unified buffer's ports"),
    figure("buffer_writes", &ActionCounters::buffer_writes, "accesses", "the same"),
    figure("accumulator_reads", &ActionCounters::accumulator_reads, "entries",
           "one entry holds one sum per array column"),
    figure("accumulator_writes", &ActionCounters::accumulator_writes, "entries", "the same"),
    figure("vector_elements", &ActionCounters::vector_elements, "elements",
           "produced by the vector unit"),
    figure("host_in_bytes", &ActionCounters::host_in_bytes, "bytes", "over the host link"),
    figure("host_out_bytes", &ActionCounters::host_out_bytes, "bytes", "the same"),
};
static_assert(rows_are_complete<ActionCounters>());

}  // namespace systole
