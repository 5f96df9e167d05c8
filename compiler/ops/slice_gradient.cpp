#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"
#include "compiler/ops/slice.h"

namespace systole {

Op slice_of(std::int64_t axis, std::int64_t first, std::int64_t size) {
  SliceTensor slice;
  slice.axis = axis;
  slice.first = first;
  slice.size = size;
  return slice;
}

/// What is cut off has none: zeros. Channels of a pixel become a part of its gradient; rows and
/// columns are put back to where they were.
void SliceTensor::gradient(Backward& backward) const {
  if (!backward.wants(0)) {
    return;
  }
  if (axis == rank - 1) {
    backward.give_channels(0, first, backward.gradient());
    return;
  }
  const Shape out = image_of(backward.type(backward.output()));
  PixelSteps steps;
  if (axis == 2) {
    steps.stride_cols = step;
    steps.shift_cols = -first;
  } else {
    steps.stride_rows = step;
    steps.shift_rows = -first;
  }
  backward.give(0, spread_pixels(out, input, steps), {backward.gradient()});
}

}  // namespace systole
