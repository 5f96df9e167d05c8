#include <fmt/format.h>

#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"

namespace systole {

/// Scores that are seen change as they did; the others, which became the lowest number, have none.
void MaskScores::gradient(Backward& backward) const {
  if (!backward.wants(0)) {
    return;
  }
  if (!causal) {  // slopes alone, which are numbers
    backward.give(0, backward.gradient());
    return;
  }
  MaskScores same = *this;
  same.alibi = false;
  same.first = 0;
  const GraphTensorId seen = backward.add("seen_gradient", same, {backward.gradient()});
  const double far = backward.type(seen).element == DataType::Fp16 ? 65000 : 1e30;
  backward.give(0, formula_of(fmt::format("where(positive(a + {}), a, 0)", far)), {seen});
}

}  // namespace systole
