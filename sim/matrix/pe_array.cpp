#include "sim/matrix/pe_array.h"

#include "arch/dataflow.h"
#include "arch/diag/check.h"
#include "arch/isa/float_format.h"

namespace systole {

namespace {

std::size_t size_of(std::int64_t value) {
  SYSTOLE_CHECK(value >= 1, "array with a side of {} PEs", value);
  return static_cast<std::size_t>(value);
}

std::string_view text_of(RowHazard hazard) {
  switch (hazard) {
    case RowHazard::None:
      break;
    case RowHazard::OutputLost:
      return "a sum on its way out is overwritten";
    case RowHazard::NothingToTake:
      return "a shadow register is taken before it is written";
    case RowHazard::ShadowOverwrite:
      return "a shadow register is written before it is taken";
  }
  return "no hazard";
}

}  // namespace

PeArray::PeArray(const MatrixUnitSpec& spec)
    : rows_(size_of(spec.rows)),
      cols_(size_of(spec.cols)),
      loads_(rule_of(spec.dataflow).loads()),
      control_(spec),
      train_(rows_, cols_),
      top_(rows_, cols_),
      sums_(rows_ * cols_, 0),
      active_(loads_ ? rows_ * cols_ : 0, 0),
      shadow_(active_.size(), 0),
      full_(active_.size(), 0),
      zeros_(cols_, 0),
      ones_(cols_, ~0U),
      outputs_(loads_ ? 1 : rows_, cols_),
      last_load_(-spec.rows - spec.cols - 1) {
  results_.reserve(cols_);
}

ArrayIntake PeArray::cycle(std::span<const std::uint32_t> load_row, const Phase* phase) {
  control_.begin_cycle((visible_.completes ? 1 : 0) + (visible_.completes_in_place ? 1 : 0));
  top_.step();
  ArrayIntake taken;
  if (phase != nullptr && control_.phase_ready(phase->flags)) {
    taken.phase = true;
    enter(*phase);
  }
  if (!load_row.empty() && control_.load_ready(taken.phase ? &phase->flags : nullptr)) {
    SYSTOLE_CHECK(load_row.size() == cols_, "row of {} lanes for {} columns", load_row.size(),
                  cols_);
    taken.row = true;
    top_.enter(load_row, control_.enter_row());
    last_load_ = control_.cycle();
  }
  train_.step(taken.phase ? phase : nullptr);
  move();
  look();
  return taken;
}

void PeArray::enter(const Phase& phase) {
  if (phase.flags.multiplies) {
    SYSTOLE_CHECK(phase.left.size() == rows_, "phase of {} lanes for {} rows", phase.left.size(),
                  rows_);
    const std::size_t top_lanes = loads_ ? 0 : cols_;
    SYSTOLE_CHECK(phase.top.size() == top_lanes, "phase of {} top lanes for {}", phase.top.size(),
                  top_lanes);
    if (!loads_) {
      top_.enter(phase.top, TopLines::kNoTag);
    }
  }
  control_.enter(phase.flags);
  folds_leaving_ += phase.flags.drains ? 1 : 0;
}

PeView PeArray::pe(std::size_t row, std::size_t col) const {
  const bool keeps = loads_ && top_.tags(row)[col] == row;
  return {.multiplies = train_.adds(row)[col] != 0,
          .left = train_.left(row)[col],
          .other = loads_ ? active_[row * cols_ + col] : top_.values(row)[col],
          .keeps = keeps,
          .kept = keeps ? top_.values(row)[col] : 0};
}

OutputView PeArray::output(std::size_t row, std::size_t col) const {
  return loads_ ? OutputView{} : outputs_.at(row, col);
}

bool PeArray::is_busy() const {
  const std::int64_t load_takes = static_cast<std::int64_t>(rows_ + cols_);
  return control_.folds_inside() > 0 || control_.cycle() - last_load_ < load_takes;
}

/// Rows from the last to the first, so that each still finds what the row above had in its
/// registers when the cycle began.
void PeArray::move() {
  const SumMix mix = !train_.has_floats()    ? SumMix::Integers
                     : train_.has_integers() ? SumMix::Both
                                             : SumMix::Floats;
  for (std::size_t row = rows_; row-- > 0;) {
    const RowHazard hazard = loads_ ? step_stationary(row, mix) : step_accumulating(row, mix);
    if (hazard != RowHazard::None) {
      fail(hazard, row);
    }
  }
  if (folds_leaving_ > 0) {
    outputs_.release(train_.drains(rows_));
  }
}

RowHazard PeArray::step_stationary(std::size_t row, SumMix mix) {
  const std::size_t own = row * cols_;
  RowStep step{.cols = cols_, .mix = mix};
  const TakeRow take{.takes = train_.takes(row),
                     .shadow = shadow_.data() + own,
                     .full = full_.data() + own,
                     .active = active_.data() + own};
  if (train_.has_take(row, row + cols_ - 1)) {
    step.take = &take;
  }
  const KeepRow keep{.tags = top_.tags(row),
                     .values = top_.values(row),
                     .row = static_cast<std::uint32_t>(row),
                     .shadow = shadow_.data() + own,
                     .full = full_.data() + own};
  if (!top_.is_empty(row)) {
    step.keep = &keep;
  }
  const MacRow mac{.left = train_.left(row),
                   .other = active_.data() + own,
                   .other_mask = train_.other_mask(row),
                   .keep = ones_.data(),
                   .adds = train_.adds(row),
                   .is_float = train_.is_float(row),
                   .sum_in = row == 0 ? zeros_.data() : sums_.data() + own - cols_,
                   .sum_out = sums_.data() + own};
  step.mac = &mac;
  return step_row(step);
}

RowHazard PeArray::step_accumulating(std::size_t row, SumMix mix) {
  std::uint32_t* sums = sums_.data() + row * cols_;
  RowStep step{.cols = cols_, .mix = mix};
  if (folds_leaving_ > 0) {
    step.output = &outputs_.step_of(row, train_.drains(row + 1), train_.is_float(row + 1), sums);
  }
  const MacRow mac{.left = train_.left(row),
                   .other = top_.values(row),
                   .other_mask = train_.other_mask(row),
                   .keep = train_.keep(row),
                   .adds = train_.adds(row),
                   .is_float = train_.is_float(row),
                   .sum_in = sums,
                   .sum_out = sums};
  step.mac = &mac;
  return step_row(step);
}

/// What the registers show from the next cycle on. A phase of age a in this one has made the sum
/// that is visible then.
void PeArray::look() {
  if (!loads_ && visible_.completes) {
    --folds_leaving_;  // its last value has been taken at the bottom
  }
  results_.clear();
  visible_ = {};
  if (loads_) {
    look_at_partial_sums();
  } else {
    look_at_outputs();
  }
  visible_.results = results_;
}

void PeArray::look_at_partial_sums() {
  const std::size_t age = rows_ - 1;
  const std::uint32_t* multiplied = train_.adds(age);
  const std::uint32_t* is_float = train_.is_float(age);
  const std::uint32_t* bottom = sums_.data() + (rows_ - 1) * cols_;
  for (std::size_t c = 0; c < cols_; ++c) {
    if (multiplied[c] != 0) {
      results_.push_back(
          {.column = c, .value = is_float[c] != 0 ? with_canonical_nan(bottom[c]) : bottom[c]});
    }
  }
  visible_.completes = *train_.ends(age + cols_ - 1) != 0;
}

void PeArray::look_at_outputs() {
  const std::size_t age = rows_ - 1 + cols_ - 1;
  visible_.completes_in_place = *train_.ends(age) != 0 && *train_.drains(age) == 0;
  if (folds_leaving_ == 0) {
    return;
  }
  for (std::size_t c = 0; c < cols_; ++c) {
    if (const std::uint32_t* value = outputs_.at_bottom(c)) {
      results_.push_back({.column = c, .value = *value});
    }
  }
  if (outputs_.at_bottom(cols_ - 1) != nullptr && ++left_last_column_ == rows_) {
    left_last_column_ = 0;
    visible_.completes = true;
  }
}

void PeArray::fail(RowHazard hazard, std::size_t row) const {
  throw InternalError(
      fmt::format("array, cycle {}, row {}: {}", control_.cycle(), row, text_of(hazard)));
}

}  // namespace systole
