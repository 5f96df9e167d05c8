#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"
#include "compiler/ops/transpose.h"

namespace systole {

Op transposition_of_pixels() {
  return TransposePixels{};
}

/// The same way back.
void TransposePixels::gradient(Backward& backward) {
  if (backward.wants(0)) {
    const GraphTensorId back =
        backward.add("turned_gradient", transposition_of_pixels(), {backward.gradient()});
    backward.give(0, backward.view(back, backward.type(backward.input(0)).extents));
  }
}

}  // namespace systole
