#include "sim/matrix/array_control.h"

#include "arch/dataflow.h"
#include "arch/diag/check.h"

namespace systole {

ArrayControl::ArrayControl(const MatrixUnitSpec& spec)
    : rows_(spec.rows),
      loads_(rule_of(spec.dataflow).loads()),
      leaves_sums_(rule_of(spec.dataflow).unloads_outputs),
      overlaps_(spec.overlap == Overlap::Shadow) {}

void ArrayControl::begin_cycle(std::int64_t completed) {
  ++cycle_;
  folds_inside_ -= completed;
}

bool ArrayControl::phase_ready(const PhaseFlags& phase) const {
  if (phase.first && !overlaps_ && folds_inside_ > 0) {
    return false;
  }
  if (phase.takes_shadow && !tile_waits()) {
    return false;
  }
  return !(phase.last && phase.drains) || cycle_ >= drain_free_at_;
}

bool ArrayControl::load_ready(const PhaseFlags* entering) const {
  if (!loads_) {
    return false;
  }
  if (rows_in_ > 0 && !tile_waits()) {
    return true;
  }
  if (!overlaps_ && (folds_inside_ > 0 || entering != nullptr)) {
    return false;
  }
  return rows_in_ == 0 || (entering != nullptr && entering->takes_shadow);
}

void ArrayControl::enter(const PhaseFlags& phase) {
  check(phase);
  if (phase.first) {
    ++folds_inside_;
  }
  if (phase.is_step) {
    fold_is_open_ = !phase.last;
  }
  if (phase.takes_shadow) {
    rows_in_ = 0;
  }
  if (phase.last && phase.drains) {
    drain_free_at_ = cycle_ + rows_;
  }
}

std::uint32_t ArrayControl::enter_row() {
  SYSTOLE_CHECK(!tile_waits(), "a row enters while a tile waits in the shadow registers");
  return static_cast<std::uint32_t>(rows_in_++);
}

void ArrayControl::check(const PhaseFlags& phase) const {
  SYSTOLE_CHECK(!phase.is_step || phase.first == !fold_is_open_, "cycle {}: a fold begins {}",
                cycle_, phase.first ? "inside another" : "without its first phase");
  SYSTOLE_CHECK(loads_ || !phase.takes_shadow, "an array that loads no tiles is to take one");
  SYSTOLE_CHECK(leaves_sums_ || !(phase.clears || phase.drains),
                "an array that keeps no sums is to clear or drain them");
  SYSTOLE_CHECK(phase.last || !phase.drains, "a fold drains before its last phase");
  SYSTOLE_CHECK(phase_ready(phase), "cycle {}: a phase enters that is not ready", cycle_);
}

}  // namespace systole
