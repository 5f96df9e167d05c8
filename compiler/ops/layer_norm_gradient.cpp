#include <fmt/format.h>

#include "compiler/ops/gradient.h"
#include "compiler/ops/layer_norm.h"
#include "compiler/ops/make.h"

namespace systole {

/// As a formula, whose gradient is known; weights and biases are one row for all.
GraphTensorId NormalizeRows::train(Forward& forward) const {
  const GraphTensorId x = forward.rows(forward.input(0));
  const double share = 1.0 / static_cast<double>(features);
  const std::string row = centred ? fmt::format("(a - sum(a) * {})", share) : "a";
  std::string text =
      fmt::format("{0} * rsqrt(sum({0} * {0}) * {1} + {2}) * b", row, share, epsilon);
  std::vector<GraphTensorId> inputs{x, forward.summand(1, {1, 1, features})};
  if (bias) {
    text += " + c";
    inputs.push_back(forward.summand(2, {1, 1, features}));
  }
  return forward.add("normalised", formula_of(text), std::move(inputs));
}

}  // namespace systole
