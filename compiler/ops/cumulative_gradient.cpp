#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"

namespace systole {

/// A column goes into its own sum and into that of the one `by` behind it (before it, reversed).
void AddShifted::gradient(Backward& backward) const {
  backward.give(0, shifted_sum(by, !reverse), {backward.gradient()});
}

}  // namespace systole
