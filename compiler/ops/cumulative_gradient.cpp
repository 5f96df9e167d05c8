#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"

namespace systole {

/// A column goes into its own sum and into that of the one `by` behind it (before it, reversed).
void gradient_of(const AddShifted& sum, Backward& backward) {
  backward.give(0, shifted_sum(sum.by, !sum.reverse), {backward.gradient()});
}

}  // namespace systole
