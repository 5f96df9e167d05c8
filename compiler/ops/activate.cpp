#include "compiler/ops/activate.h"

#include "compiler/ops/op.h"

namespace systole {

std::vector<OpEntry> Activate::entries() {
  std::vector<OpEntry> entries;
  for (const NumberFunction& function : number_functions()) {
    if (function.kind != ActivationKind::None) {
      entries.push_back({.name = function.name(),
                         .onnx = function.onnx,
                         .prototype = Activate{.activation = {.kind = function.kind, .before = {}}},
                         .attributes = {output_attribute()}});
    }
  }
  return entries;
}

Inferred Activate::infer(const InferInputs& in) {
  const NumberFunction& function = function_of(activation.kind);
  if (!function.is_looked_up()) {
    return {.type = in.types[0], .quantization = in.quantizations[0]};
  }
  activation.before = in.quantizations[0];
  return {.type = in.types[0], .quantization = in.defaults.behind(activation.kind)};
}

Work Activate::work() const {
  return RescaleWork{.activation = activation.kind};
}

}  // namespace systole
