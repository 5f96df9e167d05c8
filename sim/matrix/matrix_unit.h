#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <systemc>

#include "arch/dataflow.h"
#include "sim/core/engine_front.h"
#include "sim/matrix/fold_timing.h"
#include "sim/matrix/systolic_array.h"
#include "sim/matrix/weight_fifo.h"

namespace systole {

/// Systolic array with shadow registers, of any dataflow (arch/dataflow.h); the cycles of each part
/// of a fold are in array_timing.h and fold_timing.h.
///
/// Timing, overlap `shadow`:
/// - What the dataflow loads enters the shadow registers when they are free: from the cycle in
/// which
///   the fold starts that takes what is there. A weight tile (weight stationary) is loaded as soon
///   as it is in the FIFO, and leaves its slot when it has entered; activations (input stationary)
///   as soon as their fold is at the head of the queue and its semaphores are there, or until the
///   buffer has served their accesses.
/// - A fold starts when the fold before has streamed, its semaphores are there, and what it loads
///   and the weight tile that it streams are there. It occupies the engine for its phases, or until
///   buffer and accumulators have served its accesses, or the output registers are free.
///   A tile that streams keeps its FIFO slot until a fold asks for the next one.
/// - Its results are in the accumulators, and its signals posted, `drain` cycles later; in order.
/// Overlap `none`: loads and folds start when the fold before has completed; a load of weights
/// waits for nothing else but its tile, whatever the fold that takes it waits for. A fold reads its
/// activations when they begin to load or stream, and writes its sums when it completes.
/// Accumulators are arbitrated while a fold streams; the pipeline between their reading and writing
/// and the array's edges is left out of that. Not modelled: the gathering of kernel positions
/// (fold_timing.h says what is assumed).
class MatrixUnit : public sc_core::sc_module {
 public:
  /// The unit of that number in its core.
  MatrixUnit(const sc_core::sc_module_name& name, const CoreContext& context, WeightFifo& fifo,
             std::uint8_t unit = 0);

  [[nodiscard]] EngineFront& front() { return front_; }

 private:
  struct Prepared {  // the fold at the head of the queue
    Issued issued;
    FoldTiming timing;
  };
  struct Draining {
    Taken fold;
    CoreCycles completes{0};
  };

  void load();   // process
  void run();    // process
  void drain();  // process

  void load_next_tile();
  void load_next_inputs();
  [[nodiscard]] std::size_t next_taker();
  void wait_until_alone(std::size_t fold);
  void prepare(Prepared& fold);
  void join_empty_array(Issued& issued);
  void finish_inputs(Issued& issued);
  void fill_shadow();
  [[nodiscard]] Prepared& take_next();
  void execute(Prepared& prepared);
  void take_shadow(Issued& issued);
  void take_tile(Issued& issued);
  void stream(Issued& issued, const FoldTiming& timing);
  void begin_accesses(const Fold& fold, const PhaseAccesses& accesses);
  void count_actions(const Fold& fold, const FoldTiming& timing, std::int32_t layer);
  void complete(const Taken& taken);
  [[nodiscard]] PhaseAccesses streamed_accesses(const Fold& fold, const FoldTiming& timing) const;
  [[nodiscard]] const ByteMemory* buffer() const;
  [[nodiscard]] const Stream& instructions() const {
    return context_.program.stream(front_.engine());
  }
  [[nodiscard]] std::size_t folds() const { return instructions().size(); }
  [[nodiscard]] AccumulatorPorts& sums() const { return *context_.accumulator_ports[unit_]; }
  [[nodiscard]] const MatrixUnitSpec& spec() const { return context_.chip.matrix; }

  const CoreContext& context_;
  const DataflowRule& rule_;
  std::uint8_t unit_;
  WeightFifo& fifo_;
  EngineFront front_;
  std::unique_ptr<SystolicArray> array_;

  bool shadow_is_full_ = false;  // activations: from when they begin to enter
  bool is_loading_ = false;      // weights
  bool awaits_shadow_ = false;   // the fold at the head has all but its load of weights
  std::size_t next_taker_ = 0;   // where to look for the fold that takes the next load of weights
  Wakeup shadow_filled_;
  Wakeup shadow_freed_;
  CoreCycles shadow_arrived_{0};  // of the tile in the shadow in the FIFO
  Prepared loading_;              // input stationary: whose activations are in the shadow
  Prepared streaming_;

  Tile tile_;  // weights that stream
  bool tile_holds_slot_ = false;

  std::deque<Draining> draining_;
  std::size_t started_ = 0;                     // folds
  CoreCycles drained_{0};                       // completion of the last fold that has streamed
  std::optional<CoreCycles> last_drained_end_;  // of the phases of the last fold that drains
  sc_core::sc_event streamed_;
};

}  // namespace systole
