#include "compiler/ops/flatten.h"

#include "compiler/ops/op.h"

namespace systole {

std::vector<OpEntry> Flatten::entries() {
  return {{.name = "flatten",
           .onnx = "Flatten",
           .prototype = Flatten{},
           .attributes = {kept_output("a flatten keeps its input's")}}};
}

Inferred Flatten::infer(const InferInputs& in) {
  const Shape image = in.image(0);
  return {.type = feature_type(in.types[0].element, image.batch,
                               image.rows * image.cols * image.channels),
          .quantization = in.quantizations[0]};
}

Work Flatten::work() {
  return ViewWork{};
}

}  // namespace systole
