#pragma once

#include <systemc>

#include "arch/vector_timing.h"
#include "sim/core/engine_front.h"
#include "sim/vector/vector_data.h"

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
  const VectorTiming& timing_of(const RowLoop& loop);
  void begin_streams(const RowLoop& loop, const VectorSources& from, std::int32_t layer);
  void write_back(const RowLoop& loop);
  [[nodiscard]] AccumulatorPorts& accumulator_ports(std::int64_t entry) const;
  void report(const RowLoop& loop);

  const CoreContext& context_;
  EngineFront front_;
  VectorResults results_;  // of the instruction at work
  struct Known {
    const RowBody* body = nullptr;
    std::int64_t rows = 0;
    std::int64_t cols = 0;
    VectorTiming timing;
    VectorOperands operands;
  };
  Known known_;  // of the last loop
};

}  // namespace systole
