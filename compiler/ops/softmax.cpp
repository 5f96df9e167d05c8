#include "compiler/ops/softmax.h"

#include "compiler/ops/op.h"

namespace systole {

namespace {

constexpr Quantization kSoftmaxOutput{.scale = 1.0 / 256, .zero_point = -128};

}  // namespace

std::vector<OpEntry> SoftmaxChannels::entries() {
  return {{.name = "softmax",
           .onnx = "Softmax",
           .prototype = SoftmaxChannels{},
           .attributes = {kept_output("that of softmax is 1/256 and -128")}}};
}

Inferred SoftmaxChannels::infer(const InferInputs& in) {
  return {.type = in.types[0], .quantization = kSoftmaxOutput};
}

Work SoftmaxChannels::work() {
  return SoftmaxWork{};
}

}  // namespace systole
