#include "tests/support_array/array_driver.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "arch/diag/check.h"

namespace systole::testing {

namespace {

std::size_t to_index(int value) {
  return static_cast<std::size_t>(value);
}

bool stays_in_place(const ArrayConfig& config) {
  return config.dataflow == ArrayDataflow::OutputStationary;
}

std::size_t phase_count(const ArrayFold& fold) {
  return fold.left.size() * to_index(phases_per_step(fold));
}

bool has_shape(const Lanes& lanes, std::size_t rows, int cols) {
  return lanes.size() == rows && std::all_of(lanes.begin(), lanes.end(), [cols](const auto& row) {
           return row.size() == to_index(cols);
         });
}

void check_shape(const ArrayConfig& config, const ArrayFold& fold, std::size_t index) {
  const std::size_t steps = fold.left.size();
  SYSTOLE_CHECK(steps > 0 && has_shape(fold.left, steps, config.rows),
                "fold {}: left operands are not T x {}", index, config.rows);
  if (stays_in_place(config)) {
    SYSTOLE_CHECK(fold.tile.empty() && has_shape(fold.top, steps, config.cols),
                  "fold {}: top operands are not {} x {}, or there is a tile", index, steps,
                  config.cols);
  } else {
    SYSTOLE_CHECK(fold.top.empty() && (fold.tile.empty() ||
                                       has_shape(fold.tile, to_index(config.rows), config.cols)),
                  "fold {}: the tile is not {} x {}, or there are top operands", index, config.rows,
                  config.cols);
  }
}

/// The items of all folds (rows of tiles, or phases), one after the other.
class Cursor {
 public:
  /// `sizes` and `bubbles` of each fold.
  void add(std::size_t size, const std::vector<int>& bubbles) {
    sizes_.push_back(size);
    bubbles_.push_back(&bubbles);
    skip_empty();
  }
  [[nodiscard]] bool at_end() const { return fold_ == sizes_.size(); }
  [[nodiscard]] std::size_t fold() const { return fold_; }
  [[nodiscard]] std::size_t item() const { return item_; }
  [[nodiscard]] bool is_first() const { return item_ == 0; }
  [[nodiscard]] bool is_last() const { return item_ + 1 == sizes_[fold_]; }

  /// Whether the item is withheld in this cycle; asked once per cycle.
  bool withholds() {
    if (at_end() || item_ >= bubbles_[fold_]->size() || withheld_ == (*bubbles_[fold_])[item_]) {
      return false;
    }
    ++withheld_;
    return true;
  }
  void advance() {
    ++item_;
    withheld_ = 0;
    skip_empty();
  }

 private:
  void skip_empty() {
    while (fold_ < sizes_.size() && item_ == sizes_[fold_]) {
      ++fold_;
      item_ = 0;
    }
  }

  std::vector<std::size_t> sizes_;
  std::vector<const std::vector<int>*> bubbles_;
  std::size_t fold_ = 0;
  std::size_t item_ = 0;
  int withheld_ = 0;
};

PhaseInput phase_of(const ArrayConfig& config, const ArrayFold& fold, const Cursor& cursor) {
  const std::size_t step = cursor.item() / to_index(phases_per_step(fold));
  const int slice = static_cast<int>(cursor.item() % to_index(phases_per_step(fold)));
  const bool is_output_stationary = stays_in_place(config);
  PhaseInput phase{.left = fold.left[step],
                   .top = {},
                   .first = cursor.is_first(),
                   .last = cursor.is_last(),
                   .takes_shadow = cursor.is_first() && !fold.tile.empty(),
                   .clears = is_output_stationary && cursor.is_first() && fold.clears,
                   .drains = is_output_stationary && cursor.is_last() && fold.drains,
                   .sliced_left = fold.sliced_left,
                   .sliced_other = fold.sliced_other,
                   .left_slice = fold.sliced_left ? slice % 2 : 0,
                   .other_slice = fold.sliced_left ? slice / 2 : slice};
  if (is_output_stationary) {
    phase.top = fold.top[step];
  }
  return phase;
}

class SequenceRun {
 public:
  SequenceRun(ArrayPort& port, const ArrayConfig& config, std::span<const ArrayFold> folds)
      : port_(port),
        config_(config),
        folds_(folds),
        outcomes_(folds.size()),
        columns_(to_index(config.cols)) {
    for (std::size_t i = 0; i < folds.size(); ++i) {
      check_shape(config, folds[i], i);
      load_.add(folds[i].tile.size(), folds[i].load_bubbles);
      phase_.add(phase_count(folds[i]), folds[i].phase_bubbles);
      const bool drains = !stays_in_place(config) || folds[i].drains;
      (drains ? draining_ : undrained_).push_back(i);
      if (drains) {
        const std::size_t rows =
            stays_in_place(config) ? to_index(config.rows) : folds[i].left.size();
        outcomes_[i].results.assign(rows, std::vector<std::uint32_t>(to_index(config.cols), 0));
        const std::size_t results = stays_in_place(config) ? rows : phase_count(folds[i]);
        for (Cursor& column : columns_) {
          column.add(results, kNoBubbles);
        }
      }
    }
  }

  std::vector<FoldOutcome> run() {
    port_.reset(config_);
    const std::int64_t patience = 4 * (std::int64_t{config_.rows} + config_.cols) + 16;
    std::int64_t idle = 0;
    for (cycle_ = 0; completed_ < folds_.size(); ++cycle_) {
      idle = step() ? 0 : idle + 1;
      SYSTOLE_CHECK(idle < patience,
                    "cycle {}: the array makes no progress, {} of {} folds completed", cycle_,
                    completed_, folds_.size());
    }
    SYSTOLE_CHECK(std::all_of(columns_.begin(), columns_.end(),
                              [](const Cursor& column) { return column.at_end(); }),
                  "all folds completed, but results are missing");
    return std::move(outcomes_);
  }

 private:
  /// One cycle; says whether anything moved at the edges of the array.
  bool step() {
    const bool withholds_load = load_.withholds();
    const bool withholds_phase = phase_.withholds();
    const bool offers_load = !withholds_load && !load_.at_end();
    const bool offers_phase = !withholds_phase && !phase_.at_end();
    PhaseInput phase;
    if (offers_phase) {
      phase = phase_of(config_, folds_[phase_.fold()], phase_);
    }
    const CycleOutput output =
        port_.cycle(offers_load ? &folds_[load_.fold()].tile[load_.item()] : nullptr,
                    offers_phase ? &phase : nullptr);
    SYSTOLE_CHECK((offers_load || !output.load_taken) && (offers_phase || !output.phase_taken),
                  "cycle {}: the array took what was not offered", cycle_);
    if (output.load_taken) {
      take_row();
    }
    if (output.phase_taken) {
      take_phase();
    }
    for (const ColumnResult& result : output.results) {
      collect(result);
    }
    if (output.fold_completed) {
      complete(draining_, next_draining_);
    }
    if (output.undrained_fold_completed) {
      complete(undrained_, next_undrained_);
    }
    return withholds_load || withholds_phase || output.load_taken || output.phase_taken ||
           !output.results.empty() || output.fold_completed || output.undrained_fold_completed;
  }

  void take_row() {
    if (load_.is_first()) {
      outcomes_[load_.fold()].load_start = cycle_;
    }
    load_.advance();
  }

  void take_phase() {
    FoldOutcome& outcome = outcomes_[phase_.fold()];
    if (phase_.is_first()) {
      outcome.start = cycle_;
    }
    if (phase_.is_last()) {
      outcome.end = cycle_ + 1;
    }
    phase_.advance();
  }

  void collect(const ColumnResult& result) {
    SYSTOLE_CHECK(result.column >= 0 && result.column < config_.cols &&
                      !columns_[to_index(result.column)].at_end(),
                  "cycle {}: column {} shows a result that no fold explains", cycle_,
                  result.column);
    Cursor& column = columns_[to_index(result.column)];
    const std::size_t fold = draining_[column.fold()];
    Lanes& results = outcomes_[fold].results;
    // Final sums leave from the lowest row upwards; partial sums in the order of the phases.
    const std::size_t row = stays_in_place(config_)
                                ? results.size() - 1 - column.item()
                                : column.item() / to_index(phases_per_step(folds_[fold]));
    std::uint32_t& sum = results[row][to_index(result.column)];
    const bool is_slice =
        !stays_in_place(config_) && column.item() % to_index(phases_per_step(folds_[fold])) != 0;
    sum = is_slice ? sum + result.value : result.value;
    column.advance();
  }

  void complete(const std::vector<std::size_t>& order, std::size_t& next) {
    SYSTOLE_CHECK(next < order.size(), "cycle {}: a fold completes that never was", cycle_);
    outcomes_[order[next]].completion = cycle_;
    ++next;
    ++completed_;
  }

  static const std::vector<int> kNoBubbles;

  ArrayPort& port_;
  ArrayConfig config_;
  std::span<const ArrayFold> folds_;
  std::vector<FoldOutcome> outcomes_;
  Cursor load_;
  Cursor phase_;
  std::vector<Cursor> columns_;         ///< over the results of draining folds
  std::vector<std::size_t> draining_;   ///< folds whose results leave, in order
  std::vector<std::size_t> undrained_;  ///< the others
  std::size_t next_draining_ = 0;
  std::size_t next_undrained_ = 0;
  std::size_t completed_ = 0;
  std::int64_t cycle_ = 0;
};

const std::vector<int> SequenceRun::kNoBubbles;

}  // namespace

int phases_per_step(const ArrayFold& fold) {
  return (fold.sliced_left ? 2 : 1) * (fold.sliced_other ? 2 : 1);
}

std::vector<FoldOutcome> run_folds(ArrayPort& port, const ArrayConfig& config,
                                   std::span<const ArrayFold> folds) {
  return SequenceRun(port, config, folds).run();
}

}  // namespace systole::testing
