#include "sim/matrix/fold_timing.h"

#include "arch/dataflow.h"
#include "sim/matrix/array_timing.h"

namespace systole {

FoldTiming fold_timing(const MatrixUnitSpec& spec, Bytes port_width, const Fold& fold) {
  const DataflowRule& rule = rule_of(spec.dataflow);
  const CoreCycles pace = spec.pace(fold.activation_type, fold.weight_type);
  const std::int64_t row_bytes = bytes_of(fold.activation_type, fold.rows);
  // Results leave row by row of the array, or one vector along the columns for each step of time.
  const std::int64_t results = extent(fold, rule.unloads_outputs ? rule.rows : rule.time);
  return {.phases = pace * extent(fold, rule.time),
          .load = load_cycles(spec),
          .drain = drain_cycles(spec, fold.drain),
          .spacing = fold.drain ? drain_spacing(spec) : CoreCycles(0),
          .activation_accesses = fold.count * ceil_div(row_bytes, port_width.count()),
          .result_accesses = fold.drain ? results : 0};
}

}  // namespace systole
