#include <string>

#include <fmt/format.h>

#include "compiler/ops/activate.h"
#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"

namespace systole {

Op function_node(ActivationKind kind) {
  return Activate{.activation = {.kind = kind, .before = {}}};
}

/// dx = f'(x) dy, f' by the table of functions.
void Activate::gradient(Backward& backward) const {
  const NumberFunction& function = function_of(activation.kind);
  const GraphTensorId of = function.slope_of_result ? backward.output() : backward.input(0);
  backward.give(0, formula_of(fmt::format("b * ({})", function.slope)), {of, backward.gradient()});
}

}  // namespace systole
