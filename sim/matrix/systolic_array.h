#pragma once

#include <cstdint>
#include <vector>

#include "arch/chip_spec.h"
#include "arch/isa/instruction.h"
#include "sim/matrix/weight_fifo.h"
#include "sim/memory/byte_memory.h"
#include "sim/memory/memory_ports.h"

namespace systole {

/// The accesses that a train of phases needs, spread evenly over it: phase j enters no earlier than
/// the cycle in which the first ceil((j + 1) * accesses / phases) accesses of each kind have been
/// served.
struct PhaseAccesses {
  std::int64_t phases = 0;
  std::int64_t buffer = 0;              ///< BufferUser::Matrix, or MatrixLoad while loading
  std::int64_t accumulator_reads = 0;   ///< AccumulatorUser::MatrixRead
  std::int64_t accumulator_writes = 0;  ///< AccumulatorUser::MatrixWrite
};

/// What carries out the folds of the matrix unit. The unit applies the closed timing rules; the
/// model supplies the sums, and may check the rules by carrying out every cycle.
///
/// Calls come in program order. They do not suspend: what they ask for begins in the present cycle.
/// `buffer` is null, and tiles hold no bytes, in a run without data.
class SystolicArray {
 public:
  virtual ~SystolicArray() = default;
  SystolicArray() = default;
  SystolicArray(const SystolicArray&) = delete;
  SystolicArray& operator=(const SystolicArray&) = delete;

  /// The stationary operand of a later fold begins to enter the shadow registers.
  virtual void load_weights(const Tile& tile) = 0;
  virtual void load_inputs(const Fold& fold, const ByteMemory* buffer,
                           const PhaseAccesses& accesses) = 0;
  /// By the rules the last row of the load begun last entered in the cycle before `end`, which is
  /// the present one or has passed.
  virtual void loaded(CoreCycles end) = 0;
  /// The next fold begins to stream; `takes_load` when it is the first to use what was loaded.
  /// `tile` is the weight tile at hand, `takes_tile` when this fold is its first.
  virtual void stream(const Fold& fold, bool takes_load, const Tile& tile, const ByteMemory* buffer,
                      const PhaseAccesses& accesses) = 0;
  /// By the rules the last phase of that fold entered in the cycle before the present one.
  virtual void streamed() = 0;
  /// By the rules the oldest fold not finished completes in the present cycle: its sums, count x
  /// cols 32-bit patterns (int32 or binary32); empty without data and for folds that do not drain.
  [[nodiscard]] virtual std::vector<std::int32_t> finish() = 0;
};

}  // namespace systole
