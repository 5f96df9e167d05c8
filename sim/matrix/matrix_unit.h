#pragma once

#include <deque>
#include <systemc>
#include <vector>

#include "sim/core/engine_front.h"
#include "sim/matrix/fold_data.h"
#include "sim/matrix/weight_fifo.h"

namespace systole {

/// Weight-stationary systolic array with one active and one shadow weight register per PE.
///
/// Timing (fold_timing.h has the cycles of each part):
/// - The next tile shifts into the shadow registers as soon as it is in the FIFO and they are free,
///   under whatever the array streams. They are free again when the fold that takes the tile
///   starts. The tile's FIFO slot is free when the shift has ended.
/// - A fold starts when the fold before has streamed its rows, its semaphores are there and, with
///   `next_tile`, the shift of its tile has ended. It occupies the engine while it streams: count *
///   pace cycles, or until the buffer ports have served its accesses.
/// - Its results are in the accumulators, and its signals posted, rows + cols - 2 cycles later.
/// A fold reads its activations when it starts and writes its sums when it completes.
/// Not modelled: the gathering of kernel positions (fold_timing.h says what is assumed);
/// accumulator contention with the vector unit; folds that leave rows or columns
/// unused take the same time.
class MatrixUnit : public sc_core::sc_module {
 public:
  MatrixUnit(const sc_core::sc_module_name& name, const CoreContext& context, WeightFifo& fifo);

  [[nodiscard]] EngineFront& front() { return front_; }

 private:
  struct Draining {
    Issued issued;
    CoreCycles completes{0};
    std::vector<std::int32_t> results;
  };

  void shift();  // process
  void run();    // process
  void drain();  // process

  void execute(Issued& issued);
  void take_shadow_tile(Issued& issued);
  void count_actions(const Fold& fold, std::int64_t accesses, std::int32_t layer);
  void write_back(const Draining& done);

  const CoreContext& context_;
  WeightFifo& fifo_;
  EngineFront front_;

  bool shadow_is_full_ = false;
  Tile shadow_;
  sc_core::sc_event shadow_filled_;
  sc_core::sc_event shadow_freed_;
  ResidentTile active_;

  Draining streaming_;
  std::deque<Draining> draining_;
  CoreCycles drained_{0};  // completion of the last fold that has streamed
  sc_core::sc_event streamed_;
};

}  // namespace systole
