#include <fmt/format.h>

#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"
#include "compiler/ops/softmax.h"

namespace systole {

/// y = softmax(s x): dx = s y (dy - sum(y dy)). Where a mask leaves y at 0, dx is 0.
void SoftmaxChannels::gradient(Backward& backward) const {
  backward.give(0, formula_of(fmt::format("a * (b - sum(a * b)) * {}", scale)),
                {backward.output(), backward.gradient()});
}

}  // namespace systole
