#pragma once

#include "arch/counters.h"
#include "arch/figure_rows.h"

namespace systole {

// The tables of the counters (arch/figure_rows.h).

template <>
inline constexpr auto kFigureRows<EngineCounters> = std::tuple{
    kept_by<Cause>("cycles", &EngineCounters::cycles),
    kept("instructions", &EngineCounters::instructions),
};
static_assert(rows_are_complete<EngineCounters>());

template <>
inline constexpr auto kFigureRows<DramCounters> = std::tuple{
    figure("activates", &DramCounters::activates, "commands", ""),
    figure("precharges", &DramCounters::precharges, "commands", ""),
    figure("reads", &DramCounters::reads, "bursts", ""),
    figure("writes", &DramCounters::writes, "bursts", ""),
    figure("refreshes", &DramCounters::refreshes, "commands", "of a rank"),
    figure("bank_refreshes", &DramCounters::bank_refreshes, "commands", "of one bank"),
    figure("forwarded_reads", &DramCounters::forwarded, "bursts",
           "that the controller's write buffer answered"),
    figure("merged_writes", &DramCounters::merged, "bursts", "that it absorbed"),
    figure("row_hits", &DramCounters::row_hits, "bursts", "right row open"),
    figure("row_misses", &DramCounters::row_misses, "bursts", "none open"),
    figure("row_conflicts", &DramCounters::row_conflicts, "bursts", "another open"),
    figure("read_bytes", &DramCounters::read_bytes, "bytes", "asked for; partial bursts move more"),
    figure("write_bytes", &DramCounters::write_bytes, "bytes", "the same"),
    figure("data_bus_busy_cycles", &DramCounters::data_bus_busy, "DRAM cycles",
           "summed over channels"),
    figure("active_power_down_cycles", &DramCounters::active_power_down, "DRAM cycles",
           "summed over ranks: in power-down with a row open"),
    figure("precharged_power_down_cycles", &DramCounters::precharged_power_down, "DRAM cycles",
           "the same with none"),
};
static_assert(rows_are_complete<DramCounters>());

template <>
inline constexpr auto kFigureRows<ActionCounters> = std::tuple{
    figure("macs", &ActionCounters::macs, "MACs", "products that the instructions asked for"),
    figure_by<MacKind>("macs_of_kind", &ActionCounters::macs_of_kind, "MACs",
                       "the same, and by zeros of tiles, by kind of operands (`docs/chips.md`)"),
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
    figure("weight_conversions", &ActionCounters::weight_conversions, "elements",
           "converted on their way to the weight FIFO"),
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

template <>
inline constexpr auto kFigureRows<LayerCounters> = std::tuple{
    kept("engines", &LayerCounters::engines),
    kept("active", &LayerCounters::active),
    kept("exposed", &LayerCounters::exposed),
    kept("first_start", &LayerCounters::first_start),
    kept("last_end", &LayerCounters::last_end),
    kept("macs", &LayerCounters::macs),
    kept("dram_read_bytes", &LayerCounters::dram_read_bytes),
    kept("dram_write_bytes", &LayerCounters::dram_write_bytes),
    kept("host_bytes", &LayerCounters::host_bytes),
    kept("actions", &LayerCounters::actions),
    kept("fused", &LayerCounters::fused),
};
static_assert(rows_are_complete<LayerCounters>());

template <>
inline constexpr auto kFigureRows<Counters> = std::tuple{
    kept("elapsed", &Counters::elapsed), kept("engines", &Counters::engines),
    kept("layers", &Counters::layers),   kept("dram", &Counters::dram),
    kept("actions", &Counters::actions),
};
static_assert(rows_are_complete<Counters>());

}  // namespace systole
