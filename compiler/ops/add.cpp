#include "compiler/ops/add.h"

#include <fmt/format.h>

#include "compiler/ops/op.h"

namespace systole {

std::vector<OpEntry> AddTensors::entries() {
  std::vector<Attribute> attributes = activation_attributes<AddTensors>();
  append(attributes, {output_attribute()});
  return {{.name = "add",
           .onnx = "Add",
           .prototype = AddTensors{},
           .inputs = InputCount::Two,
           .attributes = attributes}};
}

void AddTensors::complete(const OpPlace& written) const {
  check_before(activation, written);
  if (activation.is_looked_up()) {
    written.fail("activation", fmt::format("expected none, relu or relu6 behind an add, got {}",
                                           name_of(activation.kind)));
  }
}

Inferred AddTensors::infer(const InferInputs& in) const {
  if (in.image(0) != in.image(1)) {
    in.where.fail(fmt::format("expected inputs of one shape for add, got {} and {}",
                              shape_text(in.image(0)), shape_text(in.image(1))));
  }
  return {.type = in.types[0], .quantization = in.defaults.behind(activation.kind)};
}

Work AddTensors::work() const {
  return AddWork{.activation = activation.kind};
}

Op sum_of_tensors() {
  return AddTensors{};
}

}  // namespace systole
