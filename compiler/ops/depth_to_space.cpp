#include "compiler/ops/depth_to_space.h"

#include <fmt/format.h>

#include "compiler/ops/op.h"

namespace systole {

std::vector<OpEntry> DepthToSpace::entries() {
  constexpr std::int64_t kMostFactor = 64;
  return {{.name = "depth_to_space",
           .onnx = "DepthToSpace",
           .prototype = DepthToSpace{},
           .attributes = {
               {"factor", Attribute::Integer{.at = kAt<&DepthToSpace::factor>, .most = kMostFactor},
                "of rows and columns"},
               output_attribute()}}};
}

Inferred DepthToSpace::infer(const InferInputs& in) {
  constexpr std::size_t kImageAxes = 4;
  Shape out = in.image(0);
  if (in.types[0].extents.size() != kImageAxes || out.channels % (factor * factor) != 0) {
    in.where.fail("factor", fmt::format("expected an image with a multiple of {} channels, got {}",
                                        factor * factor, shape_text(out)));
  }
  out.rows *= factor;
  out.cols *= factor;
  out.channels /= factor * factor;
  channels = out.channels;
  return {.type = image_type(in.types[0].element, out), .quantization = in.quantizations[0]};
}

Work DepthToSpace::work() const {
  return CopyWork{.source = [by = factor, block = channels](const Pixel& out) {
    return PixelSource{.input = 0,
                       .at = {.row = out.row / by, .col = out.col / by},
                       .channel = (out.row % by * by + out.col % by) * block};
  }};
}

}  // namespace systole
