#include "compiler/ops/infer.h"

#include <algorithm>

#include <fmt/format.h>

namespace systole {

QuantizationDefaults::QuantizationDefaults() : before{} {
  std::transform(number_functions().begin(), number_functions().end(), before.begin(),
                 [](const NumberFunction& function) { return function.before; });
}

Quantization QuantizationDefaults::behind(ActivationKind kind) const {
  const NumberFunction& function = function_of(kind);
  if (function.output) {
    return *function.output;
  }
  return function.low == 0 ? relu_output : output;
}

void InferInputs::settle(FusedActivation& activation) const {
  if (activation.is_looked_up()) {
    activation.before = before.over(defaults.before[static_cast<std::size_t>(activation.kind)]);
  }
}

std::string shape_text(const Shape& shape) {
  return fmt::format("{} x {} x {}", shape.rows, shape.cols, shape.channels);
}

void check_size(const Shape& shape, const Place& place) {
  // Batch is at most 2^16 too, so that pixels() does not overflow.
  if (shape.rows > kMaxSize || shape.cols > kMaxSize) {
    place.fail(fmt::format("expected a tensor of at most {} rows and columns, got {}", kMaxSize,
                           shape_text(shape)));
  }
  if (shape.channels > kMaxElements / shape.pixels()) {
    place.fail(fmt::format("expected a tensor of at most 2^40 elements, got {} times {}",
                           shape.batch, shape_text(shape)));
  }
}

std::int64_t check_copied(const Extents& extents, std::int64_t axis, const OpPlace& where) {
  constexpr std::int64_t kMost = 4;
  const auto rank = static_cast<std::int64_t>(extents.size());
  if (rank > kMost) {
    where.fail(fmt::format("expected a tensor of at most {} axes, got {}", kMost, rank));
  }
  if (axis < 1 || axis >= rank) {
    where.fail("axis", fmt::format("expected an axis of 1..{}, got {}", rank - 1, axis));
  }
  return rank;
}

void check_reduction(std::int64_t reduction, const OpPlace& where) {
  if (reduction > kMaxReduction) {
    where.fail(fmt::format("expected at most {} input values per output value, got {}",
                           kMaxReduction, reduction));
  }
}

void check_ratio(double ratio, const Place& where, std::string_view what) {
  if (ratio >= 0x1p-32 && ratio < 0x1p30) {
    return;
  }
  where.fail(
      fmt::format("expected scales whose ratio (input, times weights, over output) lies in "
                  "2^-32..2^30, got {:g}{}",
                  ratio, what));
}

}  // namespace systole
