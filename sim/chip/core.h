#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <systemc>
#include <vector>

#include "sim/core/core_context.h"
#include "sim/dma/dma_engine.h"
#include "sim/host/host_link.h"
#include "sim/host/link_turn.h"
#include "sim/matrix/matrix_unit.h"
#include "sim/vector/vector_unit.h"

namespace systole {

/// What the cores of a chip share besides the DRAM.
struct SharedByCores {
  SharedByCores(const ChipSpec& of_chip, const Program& of_program, const RunData* of_run,
                RunTrace* of_trace);

  const ChipSpec& chip;
  const Program& program;
  const RunData* data;
  RunTrace* trace;
  Counters counters;
  LayerAccount layers;
  SemaphoreBank semaphores;
  CoreTime time;
  std::optional<LinkTurn> link;  // of chips with several cores
};

/// One core: its engines, and what they alone share. The DMA engines' sockets are to be bound to a
/// memory before the simulation starts.
class Core : public sc_core::sc_module {
 public:
  /// `shared` outlives the core.
  Core(const sc_core::sc_module_name& name, SharedByCores& shared, std::uint16_t core);

  /// Binds the DMA engines to a memory's socket.
  template <class Target>
  void bind(Target& target) {
    dma_in_.memory.socket.bind(target);
    dma_out_.memory.socket.bind(target);
    for (DmaEngine& engine : weights_) {
      engine.memory.socket.bind(target);
    }
  }

  /// The memory is a DramMemory (DmaEngine::allow_trains).
  void allow_trains() {
    for (DmaEngine& engine : weights_) {
      engine.allow_trains();
    }
  }

  /// In the order of their streams.
  [[nodiscard]] const std::vector<EngineFront*>& fronts() const { return fronts_; }

  /// Before the simulation starts: adds the core's variables to a waveform. docs/timeline.md has
  /// the list.
  void show_in(sc_core::sc_trace_file* file);

 private:
  /// A matrix unit with what it has for itself.
  struct Unit {
    Unit(SharedByCores& shared, EngineId weights);

    AccumulatorPorts accumulator_ports;
    WeightFifo fifo;
  };
  void show_units_in(sc_core::sc_trace_file* file);

  std::uint16_t core_;
  BufferPorts ports_;
  std::deque<Unit> units_;
  std::unique_ptr<CoreMemories> memories_;
  std::optional<BufferLevel> buffer_level_;
  CoreContext context_;
  HostLink host_;
  DmaEngine dma_in_;
  DmaEngine dma_out_;
  std::deque<DmaEngine> weights_;  // by unit
  std::deque<MatrixUnit> matrix_;
  std::optional<VectorUnit> vector_;  // after the others: their processes come in this order
  std::vector<EngineFront*> fronts_;
};

}  // namespace systole
