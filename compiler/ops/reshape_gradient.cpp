#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"
#include "compiler/ops/reshape.h"

namespace systole {

Op view_of(const Extents& extents) {
  return ReshapeTensor{.extents = extents, .whole = true};
}

/// The same numbers under the input's extents.
void ReshapeTensor::gradient(Backward& backward) {
  if (backward.wants(0)) {
    backward.give(0, backward.gradient());
  }
}

}  // namespace systole
