#include "sim/matrix/matrix_unit.h"

#include <algorithm>
#include <utility>

#include "arch/diag/check.h"
#include "arch/isa/program_operands.h"
#include "sim/matrix/array_timing.h"
#include "sim/matrix/pe_level_array.h"
#include "sim/matrix/tile_array.h"

namespace systole {

namespace {

static_assert(executed_by(EngineKind::Matrix) == kKindSet<Fold>);

std::unique_ptr<SystolicArray> make_array(const CoreContext& context, std::uint8_t unit) {
  switch (context.chip.matrix.model) {
    case ArrayModel::Tile:
      return std::make_unique<TileArray>(context.chip.matrix);
    case ArrayModel::Pe:
      return std::make_unique<PeLevelArray>("array", context.chip.matrix, context.time,
                                            context.ports, *context.accumulator_ports[unit], unit);
  }
  SYSTOLE_CHECK(false, "no such model of the array");
}

}  // namespace

MatrixUnit::MatrixUnit(const sc_core::sc_module_name& name, const CoreContext& context,
                       WeightFifo& fifo, std::uint8_t unit)
    : sc_module(name),
      context_(context),
      rule_(rule_of(context.chip.matrix.dataflow)),
      unit_(unit),
      fifo_(fifo),
      front_({EngineKind::Matrix, unit, context.core}, context, rule_.loads_inputs),
      array_(make_array(context, unit)) {
  SC_HAS_PROCESS(MatrixUnit);
  if (rule_.loads()) {
    SC_THREAD(load);
  }
  SC_THREAD(run);
  SC_METHOD(drain);
  sensitive << streamed_;
  dont_initialize();
}

void MatrixUnit::load() {
  if (rule_.loads_weights) {
    for (;;) {
      load_next_tile();
    }
  }
  while (front_.has_next()) {
    load_next_inputs();
  }
}

void MatrixUnit::load_next_tile() {
  while (!fifo_.has_tile()) {
    fifo_.arrived().wait();
  }
  context_.time.wait_until(fifo_.next_arrival());
  while (shadow_is_full_) {
    shadow_freed_.wait();
  }
  if (spec().overlap == Overlap::None) {
    wait_until_alone(next_taker());
  }
  const Tile tile = fifo_.take();
  shadow_arrived_ = tile.arrived;
  array_->load_weights(tile);
  is_loading_ = true;
  if (awaits_shadow_) {
    front_.show_head(Cause::Shift);
  }
  context_.time.wait_until(context_.time.now() + load_cycles(spec()));
  is_loading_ = false;
  array_->loaded(context_.time.now());
  fifo_.free_slot();
  ActionCounters& actions = context_.actions_of(tile.layer);
  ++actions.weight_tiles;
  ++actions.array_loads;
  fill_shadow();
}

void MatrixUnit::load_next_inputs() {
  prepare(loading_);
  Issued& issued = loading_.issued;
  const FoldTiming& timing = loading_.timing;
  const auto& fold = issued.instruction.get<Fold>();
  const CoreCycles start = context_.time.now();
  const PhaseAccesses accesses{.phases = timing.load.count(), .buffer = timing.activation_accesses};
  front_.at_place_of(issued, [&] { array_->load_inputs(fold, buffer(), accesses); });
  context_.ports.begin(
      {BufferUser::MatrixLoad, unit_},
      context_.ports.stream(fold.window->source.address, timing.activation_accesses, timing.load));
  front_.show_head(Cause::Shift);
  issued.phases.push_back({.cause = Cause::Shift, .until = start + timing.load});
  ++context_.actions_of(issued.instruction.layer()).array_loads;
  fill_shadow();
  while (shadow_is_full_) {
    shadow_freed_.wait();
  }
}

/// Suspends until the activations of the fold that streams next are in the shadow.
void MatrixUnit::finish_inputs(Issued& issued) {
  context_.time.wait_until(issued.phases.back().until);
  front_.show_head(Cause::Port);
  const CoreCycles end = context_.ports.wait_for({BufferUser::MatrixLoad, unit_});
  array_->loaded(end);
  issued.phases.push_back({.cause = Cause::Port, .until = end});
}

void MatrixUnit::fill_shadow() {
  shadow_is_full_ = true;
  shadow_filled_.notify();
}

/// The fold that takes the next load of weights; past the last one when none will.
std::size_t MatrixUnit::next_taker() {
  const Stream& stream = instructions();
  std::size_t index = next_taker_;
  while (index < stream.size() && !stream[index].get<Fold>().next_tile) {
    ++index;
  }
  next_taker_ = std::min(index + 1, stream.size());
  return index;
}

/// Suspends until all folds before `fold` have completed.
void MatrixUnit::wait_until_alone(std::size_t fold) {
  while (started_ < fold) {
    wait(streamed_);
  }
  context_.time.wait_until(drained_);
}

/// Overlap none: the same for the fold at the head, whose time this is.
void MatrixUnit::join_empty_array(Issued& issued) {
  if (spec().overlap == Overlap::Shadow) {
    return;
  }
  front_.show_head(Cause::Drain);
  wait_until_alone(static_cast<std::size_t>(issued.index));
  issued.phases.push_back({.cause = Cause::Drain, .until = context_.time.now()});
}

void MatrixUnit::run() {
  while (started_ < folds()) {
    execute(take_next());
  }
}

/// Takes the next fold and all that it waits for but its operands in the array.
void MatrixUnit::prepare(Prepared& fold) {
  std::swap(fold.issued, front_.take_next());
  front_.wait_for_semaphores(fold.issued);
  join_empty_array(fold.issued);
  fold.timing =
      fold_timing(spec(), context_.chip.buffer.port_width, fold.issued.instruction.get<Fold>());
}

/// The next fold, with all that it waits for but its tile.
MatrixUnit::Prepared& MatrixUnit::take_next() {
  if (rule_.loads_inputs) {
    while (!shadow_is_full_) {
      shadow_filled_.wait();
    }
    std::swap(streaming_, loading_);
    finish_inputs(streaming_.issued);
    return streaming_;
  }
  prepare(streaming_);
  return streaming_;
}

void MatrixUnit::execute(Prepared& prepared) {
  Issued& issued = prepared.issued;
  const FoldTiming& timing = prepared.timing;
  const auto& fold = issued.instruction.get<Fold>();
  if (rule_.loads_weights) {
    if (fold.next_tile) {
      take_shadow(issued);
    }
  } else if (fold.next_tile) {
    take_tile(issued);
  }
  front_.charge_phases(issued, drained_);
  stream(issued, timing);
  count_actions(fold, timing, issued.instruction.layer());

  const CoreCycles end = context_.time.now();
  front_.ended(issued);
  if (fold.drain) {
    last_drained_end_ = end;
  }
  drained_ = std::max(drained_, end + timing.drain);
  context_.layers.active(issued.instruction.layer(), issued.head, drained_);
  ++started_;
  if (started_ == folds()) {
    front_.account().charge(Cause::Drain, drained_, issued.instruction.layer());
  }
  draining_.push_back({.fold = issued, .completes = drained_});
  if (draining_.size() == 1 || spec().overlap == Overlap::None) {
    streamed_.notify(sc_core::SC_ZERO_TIME);
  }
}

/// Suspends until the fold's tile is in the shadow registers.
void MatrixUnit::take_shadow(Issued& issued) {
  awaits_shadow_ = true;
  front_.wait_for(WaitsFor::Tile, is_loading_ ? Cause::Shift : Cause::Weights, issued,
                  shadow_filled_, [&] { return shadow_is_full_; });
  awaits_shadow_ = false;
  issued.phases.push_back({.cause = Cause::Weights, .until = shadow_arrived_});
  issued.phases.push_back({.cause = Cause::Shift, .until = context_.time.now()});
}

/// Suspends until the tile that streams is in the FIFO; the tile of before gives up its slot.
void MatrixUnit::take_tile(Issued& issued) {
  if (tile_holds_slot_) {
    fifo_.free_slot();
  }
  front_.wait_for(WaitsFor::Tile, Cause::Weights, issued, fifo_.arrived(),
                  [&] { return fifo_.has_tile(); });
  context_.time.wait_until(fifo_.next_arrival());
  tile_ = fifo_.take();
  tile_holds_slot_ = true;
  ++context_.actions_of(tile_.layer).weight_tiles;
  issued.phases.push_back({.cause = Cause::Weights, .until = context_.time.now()});
}

/// From the first phase of the fold to its last; suspends until then.
void MatrixUnit::stream(Issued& issued, const FoldTiming& timing) {
  const auto& fold = issued.instruction.get<Fold>();
  const std::int32_t layer = issued.instruction.layer();
  const CoreCycles start = context_.time.now();
  front_.started(issued);
  const bool takes_load = rule_.loads_inputs || (rule_.loads_weights && fold.next_tile);
  const PhaseAccesses accesses = streamed_accesses(fold, timing);
  front_.at_place_of(issued, [&] { array_->stream(fold, takes_load, tile_, buffer(), accesses); });
  if (takes_load) {
    shadow_is_full_ = false;
    shadow_freed_.notify();
  }
  begin_accesses(fold, accesses);

  context_.time.wait_until(start + timing.phases);
  front_.show_work(Cause::Port);
  const CoreCycles buffer_end = context_.ports.wait_for({BufferUser::Matrix, unit_});
  front_.show_work(Cause::Accumulator);
  const CoreCycles read_end = sums().wait_for(AccumulatorUser::MatrixRead);
  const CoreCycles write_end = sums().wait_for(AccumulatorUser::MatrixWrite);
  front_.show_work(Cause::Drain);
  if (last_drained_end_) {
    context_.time.wait_until(*last_drained_end_ + timing.spacing);
  }
  array_->streamed();

  EngineAccount& account = front_.account();
  account.charge(Cause::Busy, start + timing.phases, layer);
  account.charge(Cause::Port, buffer_end, layer);
  account.charge(Cause::Accumulator, std::max(read_end, write_end), layer);
  account.charge(Cause::Drain, context_.time.now(), layer);
}

PhaseAccesses MatrixUnit::streamed_accesses(const Fold& fold, const FoldTiming& timing) const {
  return {.phases = timing.phases.count(),
          .buffer = rule_.loads_inputs ? 0 : timing.activation_accesses,
          .accumulator_reads = fold.accumulate ? timing.result_accesses : 0,
          .accumulator_writes = timing.result_accesses};
}

void MatrixUnit::begin_accesses(const Fold& fold, const PhaseAccesses& accesses) {
  const CoreCycles phases(accesses.phases);
  context_.ports.begin({BufferUser::Matrix, unit_},
                       context_.ports.stream(fold.window->source.address, accesses.buffer, phases));
  const auto at_accumulators = [&](std::int64_t count) {
    return sums().stream(fold.accumulator % context_.chip.accumulators.entries, count, phases);
  };
  sums().begin(AccumulatorUser::MatrixRead, at_accumulators(accesses.accumulator_reads));
  sums().begin(AccumulatorUser::MatrixWrite, at_accumulators(accesses.accumulator_writes));
}

const ByteMemory* MatrixUnit::buffer() const {
  return context_.memories == nullptr ? nullptr : &context_.memories->buffer;
}

void MatrixUnit::count_actions(const Fold& fold, const FoldTiming& timing, std::int32_t layer) {
  ActionCounters& actions = context_.actions_of(layer);
  const std::vector<WeightTile>& tiles = context_.program.tiles;
  const auto tile = static_cast<std::size_t>(fold.tile);
  const std::int64_t zeros = tile < tiles.size() ? tiles[tile].zeros : 0;
  const std::int64_t macs = fold.count * (fold.rows * fold.cols - zeros);
  actions.macs += macs;
  const auto kind = mac_kind(fold.activation_type, fold.weight_type);
  // The array multiplies by zeros between what lies side by side as by anything else.
  actions.macs_of_kind[static_cast<std::size_t>(*kind)] += fold.count * fold.rows * fold.cols;
  context_.counters.layers[static_cast<std::size_t>(layer)].macs += macs;
  actions.mac_slots += timing.phases.count() * spec().macs_per_cycle();
  ++actions.folds;
  actions.array_unloads += rule_.unloads_outputs && fold.drain ? 1 : 0;
  if (!rule_.loads_weights && !fold.next_tile) {  // the tile is still in its slot of the FIFO
    actions.weight_bytes_again += bytes_of(fold.weight_type, fold.rows * fold.cols);
  }
  actions.buffer_reads += timing.activation_accesses;
  actions.accumulator_writes += timing.result_accesses;
  actions.accumulator_reads += fold.accumulate ? timing.result_accesses : 0;
}

void MatrixUnit::drain() {
  while (!draining_.empty() && draining_.front().completes <= context_.time.now()) {
    complete(draining_.front().fold);
    draining_.pop_front();
  }
  if (!draining_.empty()) {
    next_trigger(context_.time.delay_until(draining_.front().completes));
  }
}

void MatrixUnit::complete(const Taken& taken) {
  const auto& fold = taken.instruction.get<Fold>();
  front_.at_place_of(taken, [&] {
    const std::vector<std::int32_t> sums = array_->finish();
    if (!sums.empty()) {
      const auto kind = mac_kind(fold.activation_type, fold.weight_type);
      context_.memories->accumulators.store(fold.accumulator, fold.cols, sums, sum_type(*kind),
                                            fold.accumulate);
    }
  });
  front_.complete(taken);
}

}  // namespace systole
