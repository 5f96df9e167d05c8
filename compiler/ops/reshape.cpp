#include "compiler/ops/reshape.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/ops/op.h"

namespace systole {

std::vector<OpEntry> ReshapeTensor::entries() {
  return {{.name = "reshape",
           .onnx = "Reshape",
           .prototype = ReshapeTensor{},
           .attributes = {{"extents", Attribute::Sizes{kAt<&ReshapeTensor::extents>},
                           "of the output, behind the batch", Attribute::Presence::Required},
                          {"whole", Attribute::Flag{kAt<&ReshapeTensor::whole>},
                           "the batch is among the extents"},
                          kept_output("a reshape keeps its input's")}}};
}

Inferred ReshapeTensor::infer(const InferInputs& in) const {
  TensorType type{.element = in.types[0].element, .extents = {}};
  const std::int64_t batch = whole ? 1 : in.types[0].extents.front();
  if (!whole) {
    type.extents.push_back(batch);
  }
  type.extents.insert(type.extents.end(), extents.begin(), extents.end());
  if (type.elements() != in.types[0].elements()) {
    in.where.fail("extents",
                  fmt::format("expected extents of {} elements, got {}",
                              in.types[0].elements() / batch, fmt::join(extents, " x ")));
  }
  return {.type = std::move(type), .quantization = in.quantizations[0]};
}

Work ReshapeTensor::work() {
  return ViewWork{};
}

}  // namespace systole
