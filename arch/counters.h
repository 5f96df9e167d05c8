#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "arch/enum_names.h"
#include "arch/isa/engine.h"
#include "arch/isa/mac_kind.h"
#include "arch/units/units.h"

namespace systole {

/// What an engine did with a cycle. Every cycle of every engine has exactly one cause, so the
/// causes of an engine add up to the elapsed cycles.
enum class Cause : std::uint8_t {
  Busy,         ///< useful work at the engine's own pace
  Issue,        ///< the sequencer had not delivered the next instruction
  Weights,      ///< matrix: the next weight tile had not arrived in the FIFO
  Shift,        ///< matrix: the stationary operand was shifting into the array
  WaitHost,     ///< semaphore: operands still to come over the host link
  WaitDma,      ///< semaphore: operands still to come from DRAM, or to go there
  WaitMatrix,   ///< semaphore: operands still to come from the matrix unit
  WaitVector,   ///< semaphore: operands still to come from the vector unit
  WaitSpace,    ///< semaphore: the destination still held data that somebody needs
  Drain,        ///< waiting while the engine's own last results leave its pipeline
  Port,         ///< unified-buffer ports and banks had not yet served the instruction's accesses
  Accumulator,  ///< matrix, vector: the accumulators had not yet served the instruction's accesses
  Memory,       ///< DMA or host link: latency not covered by transfers, DRAM queue, refresh, rows
  FifoFull,     ///< weights: the weight FIFO had no free tile
  Idle,         ///< no instruction left
};
inline constexpr int kCauseCount = 15;

template <>
inline constexpr auto kEnumNames<Cause> = std::to_array<EnumName<Cause>>({
    {Cause::Busy, "busy"},
    {Cause::Issue, "issue"},
    {Cause::Weights, "weights"},
    {Cause::Shift, "shift"},
    {Cause::WaitHost, "wait_host"},
    {Cause::WaitDma, "wait_dma"},
    {Cause::WaitMatrix, "wait_matrix"},
    {Cause::WaitVector, "wait_vector"},
    {Cause::WaitSpace, "wait_space"},
    {Cause::Drain, "drain"},
    {Cause::Port, "port"},
    {Cause::Accumulator, "accumulator"},
    {Cause::Memory, "memory"},
    {Cause::FifoFull, "fifo_full"},
    {Cause::Idle, "idle"},
});

struct EngineCounters {
  std::array<CoreCycles, kCauseCount> cycles{};
  std::int64_t instructions = 0;

  [[nodiscard]] CoreCycles& operator[](Cause cause) {
    return cycles[static_cast<std::size_t>(cause)];
  }
  [[nodiscard]] CoreCycles operator[](Cause cause) const {
    return cycles[static_cast<std::size_t>(cause)];
  }
  bool operator==(const EngineCounters&) const = default;
};

struct DramCounters {
  std::int64_t activates = 0;
  std::int64_t precharges = 0;
  std::int64_t reads = 0;           ///< RD commands, one burst each
  std::int64_t writes = 0;          ///< WR commands, one burst each
  std::int64_t refreshes = 0;       ///< of a rank
  std::int64_t bank_refreshes = 0;  ///< of one bank
  std::int64_t row_hits = 0;        ///< bursts that needed no activate of their own
  std::int64_t row_misses = 0;      ///< activates of a bank that stood closed
  std::int64_t row_conflicts = 0;   ///< activates after the precharge of another row
  std::int64_t forwarded = 0;       ///< reads that the write buffer answered
  std::int64_t merged = 0;          ///< writes that it absorbed
  std::int64_t read_bytes = 0;      ///< bytes asked for, which partial bursts make fewer than moved
  std::int64_t write_bytes = 0;
  /// Channel cycles (summed over channels) in which the data bus carried a burst.
  DramCycles data_bus_busy{0};
  /// Rank cycles in power-down, with a row open and without.
  DramCycles active_power_down{0};
  DramCycles precharged_power_down{0};

  bool operator==(const DramCounters&) const = default;
};

/// Actions on chip, for energy and for the conservation laws.
struct ActionCounters {
  std::int64_t macs = 0;  ///< products that the folds asked for (count * products of the tile)
  std::array<std::int64_t, kMacKindCount> macs_of_kind{};  ///< and by zeros of tiles, by kind
  std::int64_t mac_slots = 0;  ///< PE-cycles while rows streamed (count * pace * array size)
  std::int64_t folds = 0;
  std::int64_t weight_tiles = 0;  ///< tiles taken from the weight FIFO
  /// What stays in the PEs shifted in (weights or activations), sums that stayed shifted out: by
  /// tile, in R cycles each. A dataflow has loads or unloads.
  std::int64_t array_loads = 0;
  std::int64_t array_unloads = 0;
  std::int64_t weight_bytes = 0;        ///< bytes through the weight FIFO
  std::int64_t weight_bytes_again = 0;  ///< read from it once more, where a tile streams again
  std::int64_t weight_conversions = 0;  ///< elements converted on their way to it
  std::int64_t buffer_reads = 0;        ///< port accesses of the unified buffer
  std::int64_t buffer_writes = 0;
  std::int64_t accumulator_reads = 0;  ///< entries (one per column-wide row)
  std::int64_t accumulator_writes = 0;
  std::int64_t vector_elements = 0;  ///< elements produced by the vector unit
  std::int64_t host_in_bytes = 0;
  std::int64_t host_out_bytes = 0;

  void add(const ActionCounters& other);  ///< every field
  bool operator==(const ActionCounters&) const = default;
};

/// What one layer cost. Layers overlap in time, hence two measures: `active` can be compared with
/// the layer's own lower bounds, `exposed` adds up to the elapsed cycles.
struct LayerCounters {
  PerEngine<EngineCounters> engines;
  /// Cycles in which an instruction of the layer moved data, or a matrix or vector instruction of
  /// it was at the head of its engine (working or waiting): length of the union of intervals.
  CoreCycles active{0};
  /// Cycles by which the layer moved the latest completion so far. Sums to Counters::elapsed.
  CoreCycles exposed{0};
  CoreCycles first_start{0};  ///< cycle in which its first instruction began to work
  CoreCycles last_end{0};     ///< cycle in which its last result became visible
  std::int64_t macs = 0;
  std::int64_t dram_read_bytes = 0;
  std::int64_t dram_write_bytes = 0;
  std::int64_t host_bytes = 0;
  ActionCounters actions;
  bool fused = false;  ///< its work is that of the layer before, whose row loops compute it

  bool operator==(const LayerCounters&) const = default;
};

/// All engines of a kind together.
[[nodiscard]] EngineCounters total_of(const PerEngine<EngineCounters>& engines, EngineKind kind);

/// The result of a simulation: integers only, identical on every machine.
struct Counters {
  CoreCycles elapsed{0};
  PerEngine<EngineCounters> engines;
  std::vector<LayerCounters> layers;
  DramCounters dram;
  ActionCounters actions;  ///< those of all layers together

  [[nodiscard]] EngineCounters& engine(EngineId which) { return engines[which]; }
  [[nodiscard]] const EngineCounters& engine(EngineId which) const { return engines[which]; }
  bool operator==(const Counters&) const = default;
};

}  // namespace systole
