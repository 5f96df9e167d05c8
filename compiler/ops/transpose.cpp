#include "compiler/ops/transpose.h"

#include <utility>

#include "compiler/ops/op.h"

namespace systole {

std::vector<OpEntry> TransposePixels::entries() {
  return {{.name = "transpose",
           .onnx = "",
           .prototype = TransposePixels{},
           .attributes = {output_attribute()}}};
}

Inferred TransposePixels::infer(const InferInputs& in) {
  constexpr std::size_t kImageAxes = 4;
  Inferred inferred{.type = in.types[0], .quantization = in.quantizations[0]};
  if (in.types[0].extents.size() != kImageAxes) {
    in.where.fail(
        "expected a tensor of four axes for transpose, of which the second and the third "
        "change places, got another");
  }
  std::swap(inferred.type.extents[1], inferred.type.extents[2]);
  return inferred;
}

Work TransposePixels::work() {
  return CopyWork{.source = [](const Pixel& out) {
    return PixelSource{.input = 0, .at = {.row = out.col, .col = out.row}};
  }};
}

}  // namespace systole
