#pragma once

#include <memory>
#include <optional>
#include <string>
#include <systemc>

#include "sim/core/core_context.h"
#include "sim/dma/dma_engine.h"
#include "sim/host/host_link.h"
#include "sim/matrix/matrix_unit.h"
#include "sim/vector/vector_unit.h"

namespace systole {

/// One core: its six engines and what they share, everything but the DRAM. The DMA engines'
/// sockets are to be bound to a memory before the simulation starts.
class Core : public sc_core::sc_module {
 public:
  /// `data` is null in a run without data, `trace` in one that nobody records. All arguments
  /// outlive the core. Throws InternalError when the program has an instruction that no core of
  /// this chip can execute.
  Core(const sc_core::sc_module_name& name, const ChipSpec& chip, const Program& program,
       const RunData* data, RunTrace* trace = nullptr);

  /// Binds the three DMA engines to a memory's socket.
  template <class Target>
  void bind(Target& target) {
    dma_in_.memory.socket.bind(target);
    dma_out_.memory.socket.bind(target);
    weights_.memory.socket.bind(target);
  }

  /// After the last event: the counters, without the memory's. Throws InternalError
  /// `deadlock at cycle C: ENGINE waits for ...; ...` when instructions are left.
  [[nodiscard]] Counters finish();

  /// The engines that have instructions left, and what each waits for: `ENGINE waits for ...; ...`.
  [[nodiscard]] std::string waiting() const;

  /// Before the simulation starts: adds the core's variables to a waveform. docs/timeline.md has
  /// the list.
  void show_in(sc_core::sc_trace_file* file);

 private:
  Counters counters_;
  LayerAccount layers_;
  SemaphoreBank semaphores_;
  CoreTime time_;
  BufferPorts ports_;
  AccumulatorPorts accumulator_ports_;
  WeightFifo fifo_;
  std::unique_ptr<CoreMemories> memories_;
  std::optional<BufferLevel> buffer_level_;
  CoreContext context_;
  HostLink host_;
  DmaEngine dma_in_;
  DmaEngine dma_out_;
  DmaEngine weights_;
  MatrixUnit matrix_;
  VectorUnit vector_;
  std::vector<EngineFront*> fronts_;  // of the engines above, in the order of their streams
};

}  // namespace systole
