#include "compiler/ops/depth_to_space.h"
#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"

namespace systole {

/// Pixels become channels again, block by block.
void DepthToSpace::gradient(Backward& backward) const {
  if (!backward.wants(0)) {
    return;
  }
  const Shape in = image_of(backward.type(backward.input(0)));
  const Shape out = image_of(backward.type(backward.output()));
  Shape part = in;
  part.channels = channels;
  for (std::int64_t block = 0; block < factor * factor; ++block) {
    const PixelSteps steps{.stride_rows = factor,
                           .stride_cols = factor,
                           .shift_rows = -(block / factor),
                           .shift_cols = -(block % factor)};
    const GraphTensorId pixels =
        backward.add("block_gradient", gathered_pixels(out, part, steps, 0), {backward.gradient()});
    backward.give_channels(0, block * channels, pixels);
  }
}

}  // namespace systole
