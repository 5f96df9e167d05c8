#include "compiler/ops/resize.h"

#include "compiler/ops/op.h"

namespace systole {

std::vector<OpEntry> ResizeTensor::entries() {
  return {
      {.name = "resize",
       .onnx = "Resize",
       .prototype = ResizeTensor{},
       .attributes = {{"factor", Attribute::Integer{.at = kAt<&ResizeTensor::factor>, .most = 64},
                       "of rows and columns"},
                      output_attribute()}}};
}

Inferred ResizeTensor::infer(const InferInputs& in) const {
  Shape out = in.image(0);
  if (in.types[0].extents.size() != 4) {
    in.where.fail("expected an image for resize, got a tensor of other axes");
  }
  out.rows *= factor;
  out.cols *= factor;
  return {.type = image_type(in.types[0].element, out), .quantization = in.quantizations[0]};
}

Work ResizeTensor::work() const {
  return CopyWork{.source = [by = factor](const Pixel& out) {
    return PixelSource{.input = 0, .at = {.row = out.row / by, .col = out.col / by}};
  }};
}

}  // namespace systole
