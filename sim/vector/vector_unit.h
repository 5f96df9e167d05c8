#pragma once

#include <systemc>

#include "sim/core/engine_front.h"
#include "sim/vector/vector_data.h"
#include "sim/vector/vector_timing.h"

namespace systole {

/// Element-wise work, pooling and softmax, one instruction at a time.
///
/// Timing: an instruction starts when the one before has completed and its semaphores are there; it
/// completes when its steps are done (vector_timing.h) and the buffer ports have served its
/// streams. It reads when it starts and writes when it completes.
/// Not modelled: overlap of one instruction's latency with the next instruction; when within the
/// instruction a stream is wanted: parameters, operands and results ask for their ports from its
/// start, so results may use them before they are computed and the last one costs no cycle more.
class VectorUnit : public sc_core::sc_module {
 public:
  VectorUnit(const sc_core::sc_module_name& name, const CoreContext& context);

  [[nodiscard]] EngineFront& front() { return front_; }

 private:
  void run();  // process
  void execute(Issued& issued);
  void begin_streams(const Operation& operation, const VectorTiming& timing, std::int32_t layer);
  void write_back(const Operation& operation);
  [[nodiscard]] AccumulatorPorts& accumulator_ports(std::int64_t entry) const;
  void report(const Destination& to);

  const CoreContext& context_;
  EngineFront front_;
  Operation operation_;    // at work
  VectorResults results_;  // of it
};

}  // namespace systole
