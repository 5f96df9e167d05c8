#include <fmt/format.h>

#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"

namespace systole {

/// A pixel has the sum of what stands where it was put: their mean, times how many they are.
void ResizeTensor::gradient(Backward& backward) const {
  if (!backward.wants(0)) {
    return;
  }
  const std::int64_t by = factor;
  const Op mean = mean_of_windows({.rows = by, .cols = by, .stride_rows = by, .stride_cols = by},
                                  DataType::Fp32);
  const GraphTensorId means = backward.add("gradient_mean", mean, {backward.gradient()});
  backward.give(0, formula_of(fmt::format("a * {}", by * by), backward.element(0)), {means});
}

}  // namespace systole
