#include "sim/matrix/fold_timing.h"

namespace systole {

FoldTiming fold_timing(const MatrixUnitSpec& spec, Bytes port_width, const Fold& fold) {
  const std::int64_t row_bytes = fold.rows * bytes_of(fold.activation_type);
  return {.stream = spec.pace(fold.activation_type, fold.weight_type) * fold.count,
          .accesses = fold.count * ceil_div(row_bytes, port_width.count())};
}

CoreCycles shift_cycles(const MatrixUnitSpec& spec) {
  return CoreCycles(spec.rows);
}

CoreCycles drain_cycles(const MatrixUnitSpec& spec) {
  return CoreCycles(spec.rows + spec.cols - 2);
}

}  // namespace systole
