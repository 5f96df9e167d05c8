#include "sim/matrix/array_timing.h"

#include <algorithm>

#include "arch/dataflow.h"
#include "arch/diag/check.h"

namespace systole {

namespace {

/// The cycles from which on parts of the array are free for the next fold.
struct Free {
  CoreCycles shadow{0};  // the next load may start
  CoreCycles front{0};   // the next phase may enter
  CoreCycles drain{0};   // a draining fold may end
};

FoldTimes next_fold(const MatrixUnitSpec& spec, const FoldShape& fold, Free& free) {
  const bool loads = rule_of(spec.dataflow).loads() && fold.new_tile;
  const bool leaves_pes = rule_of(spec.dataflow).unloads_outputs && fold.drains;
  FoldTimes times;
  CoreCycles start = free.front;
  if (loads) {
    times.load = free.shadow;
    start = std::max(start, times.load + load_cycles(spec));
  }
  times.end = start + CoreCycles(fold.phases);
  if (leaves_pes) {
    times.end = std::max(times.end, free.drain);  // its last phase waits
  }
  times.start = fold.phases == 1 ? times.end - CoreCycles(1) : start;
  if (!loads) {
    times.load = times.start;
  }
  times.completion = times.end + drain_cycles(spec, fold.drains);

  if (spec.overlap == Overlap::None) {
    free = {.shadow = times.completion, .front = times.completion, .drain = times.completion};
    return times;
  }
  free.front = times.end;
  if (loads) {
    free.shadow = std::max(times.start, times.load + load_cycles(spec));
  }
  if (leaves_pes) {
    free.drain = times.end + drain_spacing(spec);
  }
  return times;
}

}  // namespace

std::vector<FoldTimes> fold_sequence_times(const MatrixUnitSpec& spec,
                                           std::span<const FoldShape> folds) {
  std::vector<FoldTimes> times;
  times.reserve(folds.size());
  Free free;
  for (const FoldShape& fold : folds) {
    SYSTOLE_CHECK(fold.phases >= 1, "fold of {} phases", fold.phases);
    times.push_back(next_fold(spec, fold, free));
  }
  return times;
}

}  // namespace systole
