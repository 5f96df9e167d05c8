#include "sim/matrix/matrix_unit.h"

#include <algorithm>
#include <utility>

#include "sim/matrix/fold_timing.h"

namespace systole {

MatrixUnit::MatrixUnit(const sc_core::sc_module_name& name, const CoreContext& context,
                       WeightFifo& fifo)
    : sc_module(name), context_(context), fifo_(fifo), front_(Engine::Matrix, context) {
  SC_HAS_PROCESS(MatrixUnit);
  SC_THREAD(shift);
  SC_THREAD(run);
  SC_METHOD(drain);
  sensitive << streamed_;
  dont_initialize();
}

void MatrixUnit::shift() {
  for (;;) {
    while (!fifo_.has_tile()) {
      wait(fifo_.arrived());
    }
    while (shadow_is_full_) {
      wait(shadow_freed_);
    }
    shadow_ = fifo_.take();
    context_.time.wait_until(context_.time.now() + shift_cycles(context_.chip.matrix));
    fifo_.free_slot();
    ++context_.counters.actions.weight_tiles;
    shadow_is_full_ = true;
    shadow_filled_.notify(sc_core::SC_ZERO_TIME);
  }
}

void MatrixUnit::run() {
  while (front_.has_next()) {
    execute(front_.take_next());
  }
}

void MatrixUnit::execute(Issued& issued) {
  const auto& fold = std::get<Fold>(issued.instruction->operation);
  const std::int32_t layer = issued.instruction->layer;
  front_.wait_for_semaphores(issued, drained_);
  if (fold.next_tile) {
    take_shadow_tile(issued);
  }
  front_.charge_phases(issued);
  const CoreCycles start = context_.time.now();
  front_.started(issued);

  if (context_.memories != nullptr) {
    front_.at_place_of(issued, [&] {
      streaming_.results = fold_results(fold, active_, context_.memories->buffer);
    });
  }
  const FoldTiming timing =
      fold_timing(context_.chip.matrix, context_.chip.buffer.port_width, fold);
  count_actions(fold, timing.accesses, layer);
  context_.ports.begin(PortUser::Matrix, timing.accesses);
  context_.time.wait_until(start + timing.stream);
  context_.ports.wait_for(PortUser::Matrix);

  const CoreCycles end = context_.time.now();
  front_.ended(issued);
  front_.account().charge_work(end, timing.stream, CoreCycles(0), Cause::Port, layer);
  drained_ = end + drain_cycles(context_.chip.matrix);
  context_.layers.active(layer, issued.head, drained_);
  if (!front_.has_next()) {
    front_.account().charge(Cause::Drain, drained_, layer);
  }
  streaming_.completes = drained_;
  streaming_.issued = std::move(issued);
  draining_.push_back(std::move(streaming_));
  streamed_.notify(sc_core::SC_ZERO_TIME);
}

void MatrixUnit::take_shadow_tile(Issued& issued) {
  front_.wait_for(WaitsFor::Tile, issued, shadow_filled_, [&] { return shadow_is_full_; });
  issued.phases.push_back({.cause = Cause::Weights, .until = shadow_.arrived});
  issued.phases.push_back({.cause = Cause::Shift, .until = context_.time.now()});
  if (context_.memories != nullptr) {
    active_ = resident_tile(shadow_);
  }
  shadow_is_full_ = false;
  shadow_freed_.notify(sc_core::SC_ZERO_TIME);
}

void MatrixUnit::count_actions(const Fold& fold, std::int64_t accesses, std::int32_t layer) {
  ActionCounters& actions = context_.counters.actions;
  const MatrixUnitSpec& spec = context_.chip.matrix;
  const std::int64_t macs = fold.count * fold.rows * fold.cols;
  actions.macs += macs;
  context_.counters.layers[static_cast<std::size_t>(layer)].macs += macs;
  actions.mac_slots += fold.count * spec.pace(fold.activation_type, fold.weight_type).count() *
                       spec.macs_per_cycle();
  ++actions.folds;
  actions.buffer_reads += accesses;
  actions.accumulator_writes += fold.count;
  actions.accumulator_reads += fold.accumulate ? fold.count : 0;
}

void MatrixUnit::drain() {
  while (!draining_.empty() && draining_.front().completes <= context_.time.now()) {
    const Draining done = std::move(draining_.front());
    draining_.pop_front();
    write_back(done);
    front_.complete(done.issued);
  }
  if (!draining_.empty()) {
    next_trigger(context_.time.delay_until(draining_.front().completes));
  }
}

void MatrixUnit::write_back(const Draining& done) {
  if (context_.memories == nullptr) {
    return;
  }
  const auto& fold = std::get<Fold>(done.issued.instruction->operation);
  front_.at_place_of(done.issued, [&] {
    context_.memories->accumulators.store(fold.accumulator, fold.cols, done.results,
                                          fold.accumulate);
  });
}

}  // namespace systole
