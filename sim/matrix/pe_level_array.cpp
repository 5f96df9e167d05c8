#include "sim/matrix/pe_level_array.h"

#include <algorithm>
#include <utility>

#include "arch/dataflow.h"
#include "arch/diag/check.h"
#include "sim/matrix/fold_data.h"

namespace systole {

PeLevelArray::PeLevelArray(const sc_core::sc_module_name& name, const MatrixUnitSpec& spec,
                           const CoreTime& time, BufferPorts& buffer,
                           AccumulatorPorts& accumulators, std::uint8_t unit)
    : sc_module(name),
      spec_(spec),
      time_(time),
      buffer_(buffer),
      accumulators_(accumulators),
      unit_(unit),
      array_(spec),
      row_(static_cast<std::size_t>(spec.cols)),
      left_(static_cast<std::size_t>(spec.rows)),
      top_(static_cast<std::size_t>(spec.cols)) {
  SC_HAS_PROCESS(PeLevelArray);
  SC_METHOD(tick);
  sensitive << woken_;
  dont_initialize();
}

void PeLevelArray::load_weights(const Tile& tile) {
  wake();
  const ResidentTile weights = resident_tile(tile);
  loading_ = Loading{
      .operand = {.rows = weights.rows, .cols = weights.cols, .values = weights.patterns()}};
}

void PeLevelArray::load_inputs(const Fold& fold, const ByteMemory* buffer,
                               const PhaseAccesses& accesses) {
  wake();
  Operand2d inputs{.rows = fold.count, .cols = fold.rows, .values = {}};
  if (buffer != nullptr) {
    inputs.values = fold_inputs(fold, *buffer).patterns();
  }
  loading_ = Loading{.operand = std::move(inputs), .transposed = true, .accesses = accesses};
}

void PeLevelArray::loaded(CoreCycles end) {
  catch_up();
  SYSTOLE_CHECK(load_ended_ == end, "a load ends at {}, by the rules at {}", load_ended_.count(),
                end.count());
}

void PeLevelArray::stream(const Fold& fold, bool takes_load, const Tile& tile,
                          const ByteMemory* buffer, const PhaseAccesses& accesses) {
  wake();
  const DataflowRule& rule = rule_of(spec_.dataflow);
  const CoreCycles pace = spec_.pace(fold.activation_type, fold.weight_type);
  const bool from_weights = rule.loads_inputs;  // which operand comes from the left
  const bool has_data = buffer != nullptr;
  Streaming streaming{.fold = &fold,
                      .inputs = {.rows = fold.count, .cols = fold.rows, .values = {}},
                      .weights = {.rows = fold.rows, .cols = fold.cols, .values = {}},
                      .slices = from_weights
                                    ? phase_slices(fold.weight_type, fold.activation_type, pace)
                                    : phase_slices(fold.activation_type, fold.weight_type, pace),
                      .accesses = accesses,
                      .takes_load = takes_load,
                      .clears = rule.unloads_outputs && !sums_are_held_};
  if (has_data && !rule.loads_inputs) {
    streaming.inputs.values = fold_inputs(fold, *buffer).patterns();
  }
  if (has_data && !rule.loads_weights) {
    const ResidentTile weights = resident_tile(tile);
    streaming.weights = {.rows = weights.rows, .cols = weights.cols, .values = weights.patterns()};
  }
  const std::int64_t values = std::count_if(streaming.slices.begin(), streaming.slices.end(),
                                            [](const PhaseSlices& s) { return s.multiplies; });
  const bool stays = !fold.drain;
  const bool unloads = rule.unloads_outputs;
  leaving_.push_back(
      {.fold = &fold,
       .values_of_column = stays ? 0 : (unloads ? spec_.rows : extent(fold, rule.time) * values),
       .slices = unloads ? 1 : values,
       .has_data = has_data,
       .outstanding = stays ? 0 : spec_.cols,
       .seen = std::vector<std::int64_t>(static_cast<std::size_t>(stays ? 0 : spec_.cols)),
       .sums = std::vector<std::int32_t>(
           has_data && !stays ? static_cast<std::size_t>(fold.count * fold.cols) : 0)});
  sums_are_held_ = stays;
  streaming_ = std::move(streaming);
}

void PeLevelArray::streamed() {
  catch_up();
  SYSTOLE_CHECK(stream_ended_ == time_.now(), "a fold has streamed at {}, by the rules at {}",
                stream_ended_.count(), time_.now().count());
}

std::vector<std::int32_t> PeLevelArray::finish() {
  catch_up();
  Leaving fold = std::move(leaving_.front());
  leaving_.pop_front();
  SYSTOLE_CHECK(fold.completed.has_value(), "a fold has not completed, by the rules at {}",
                time_.now().count());
  finished_ = std::max(finished_, *fold.completed);  // folds finish in order
  SYSTOLE_CHECK(finished_ == time_.now(), "a fold completes at {}, by the rules at {}",
                finished_.count(), time_.now().count());
  return std::move(fold.sums);
}

void PeLevelArray::tick() {
  catch_up();
  if (is_busy()) {
    next_trigger(time_.delay_until(present_ + CoreCycles(1)));
  } else {
    is_awake_ = false;
  }
}

/// Something is about to enter in the present cycle.
void PeLevelArray::wake() {
  catch_up();
  if (!is_awake_) {
    is_awake_ = true;
    present_ = time_.now();
    woken_.notify(sc_core::SC_ZERO_TIME);
  }
}

bool PeLevelArray::is_busy() const {
  return loading_ || streaming_ || array_.is_busy();
}

/// Carries out the cycle that has just ended, if that has not been done.
void PeLevelArray::catch_up() {
  const CoreCycles now = time_.now();
  if (!is_awake_ || present_ == now) {
    return;
  }
  SYSTOLE_CHECK(present_ + CoreCycles(1) == now, "the array's clock is at {} of {}",
                present_.count(), now.count());
  pass_cycle();
  present_ = now;
  for (const ColumnResult& result : array_.visible().results) {
    collect(result);
  }
  if (array_.visible().completes) {
    complete_oldest(false);
  }
  if (array_.visible().completes_in_place) {
    complete_oldest(true);
  }
}

void PeLevelArray::pass_cycle() {
  const std::span<const std::uint32_t> row = next_row();
  const Phase* phase = next_phase();
  const ArrayIntake taken = array_.cycle(row, phase);
  const CoreCycles next = present_ + CoreCycles(1);
  if (taken.row && ++loading_->next == spec_.rows) {
    loading_.reset();
    load_ended_ = next;
  }
  if (!taken.phase) {
    return;
  }
  streaming_->takes_load = false;
  if (phase->flags.is_step && ++streaming_->next == streaming_->accesses.phases) {
    streaming_.reset();
    stream_ended_ = next;
  }
}

/// Whether the accesses that a phase needs have been served in its cycle or before.
bool PeLevelArray::has_served(const PhaseAccesses& accesses, std::int64_t phase, bool loading) {
  const auto needed = [&](std::int64_t all) {
    return ceil_div((phase + 1) * all, accesses.phases);
  };
  const BufferUser user = loading ? BufferUser::MatrixLoad : BufferUser::Matrix;
  return (accesses.buffer == 0 || buffer_.served({user, unit_}) >= needed(accesses.buffer)) &&
         (accesses.accumulator_reads == 0 || accumulators_.served(AccumulatorUser::MatrixRead) >=
                                                 needed(accesses.accumulator_reads)) &&
         (accesses.accumulator_writes == 0 || accumulators_.served(AccumulatorUser::MatrixWrite) >=
                                                  needed(accesses.accumulator_writes));
}

/// The row of the stationary operand that may enter in the present cycle, or none.
std::span<const std::uint32_t> PeLevelArray::next_row() {
  if (!loading_ ||
      (loading_->accesses.phases > 0 && !has_served(loading_->accesses, loading_->next, true))) {
    return {};
  }
  for (std::int64_t col = 0; col < spec_.cols; ++col) {
    row_[static_cast<std::size_t>(col)] = loading_->transposed
                                              ? loading_->operand.at(col, loading_->next)
                                              : loading_->operand.at(loading_->next, col);
  }
  return row_;
}

/// The phase that may enter in the present cycle, or null.
const Phase* PeLevelArray::next_phase() {
  if (!streaming_) {
    return nullptr;
  }
  if (!has_served(streaming_->accesses, streaming_->next, false)) {
    phase_ = {.flags = {.takes_shadow = true, .multiplies = false, .is_step = false}};
    return streaming_->takes_load ? &phase_ : nullptr;
  }
  const Streaming& fold = *streaming_;
  const DataflowRule& rule = rule_of(spec_.dataflow);
  const auto slices = static_cast<std::int64_t>(fold.slices.size());
  const std::int64_t step = fold.next / slices;
  const PhaseSlices& slice = fold.slices[static_cast<std::size_t>(fold.next % slices)];
  for (std::int64_t row = 0; row < spec_.rows; ++row) {
    std::uint32_t& lane = left_[static_cast<std::size_t>(row)];
    if (rule.unloads_outputs) {
      lane = fold.inputs.at(row, step);
    } else {
      lane = rule.loads_inputs ? fold.weights.at(row, step) : fold.inputs.at(step, row);
    }
  }
  for (std::int64_t col = 0; rule.unloads_outputs && col < spec_.cols; ++col) {
    top_[static_cast<std::size_t>(col)] = fold.weights.at(step, col);
  }
  const bool last = fold.next + 1 == fold.accesses.phases;
  const auto kind = mac_kind(fold.fold->activation_type, fold.fold->weight_type);
  phase_ = {.flags = {.first = fold.next == 0,
                      .last = last,
                      .takes_shadow = fold.takes_load,
                      .clears = fold.clears && fold.next == 0,
                      .drains = last && rule.unloads_outputs && fold.fold->drain,
                      .multiplies = slice.multiplies},
            .sums = sums_in_float(*kind) ? SumKind::Fp32 : SumKind::Int32,
            .left_slice = slice.left,
            .other_slice = slice.other,
            .left = left_,
            .top = rule.unloads_outputs ? std::span<const std::uint32_t>(top_)
                                        : std::span<const std::uint32_t>()};
  return &phase_;
}

/// A column's values belong to the oldest fold that the column has not shown whole.
void PeLevelArray::collect(const ColumnResult& result) {
  for (Leaving& fold : leaving_) {
    if (fold.values_of_column == 0 || fold.seen[result.column] == fold.values_of_column) {
      continue;
    }
    const std::int64_t index = fold.seen[result.column]++;
    if (fold.has_data) {
      add(fold, static_cast<std::int64_t>(result.column), index, result.value);
    }
    fold.outstanding -= index + 1 == fold.values_of_column ? 1 : 0;
    return;
  }
  SYSTOLE_CHECK(false, "column {} shows a value of no fold", result.column);
}

/// The last phase of the oldest fold whose sums leave (or stay) has left, perhaps some cycles after
/// its last value: a phase that multiplies nothing shows none.
void PeLevelArray::complete_oldest(bool stays) {
  for (Leaving& fold : leaving_) {
    if ((fold.values_of_column == 0) != stays || fold.completed) {
      continue;
    }
    SYSTOLE_CHECK(fold.outstanding == 0, "a fold leaves with {} columns outstanding",
                  fold.outstanding);
    fold.completed = present_;
    return;
  }
  SYSTOLE_CHECK(false, "the array completes a fold that nobody awaits, at {}", present_.count());
}

void PeLevelArray::add(Leaving& fold, std::int64_t column, std::int64_t index,
                       std::uint32_t value) const {
  const DataflowRule& rule = rule_of(spec_.dataflow);
  std::int64_t position = index / fold.slices;
  std::int64_t channel = column;
  if (rule.loads_inputs) {
    std::swap(position, channel);
  } else if (rule.unloads_outputs) {
    position = spec_.rows - 1 - index;  // the bottom row leaves first
  }
  if (position >= fold.fold->count || channel >= fold.fold->cols) {
    return;
  }
  std::int32_t& sum = fold.sums[static_cast<std::size_t>(position * fold.fold->cols + channel)];
  sum = static_cast<std::int32_t>(static_cast<std::uint32_t>(sum) + value);
}

}  // namespace systole
