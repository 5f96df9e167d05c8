#include "compiler/ops/dense.h"

#include <fmt/format.h>

#include "compiler/ops/make.h"
#include "compiler/ops/op.h"

namespace systole {

std::vector<OpEntry> Dense::entries() {
  std::vector<Attribute> attributes{{"features",
                                     Attribute::Integer{kAt<&Dense::features>, kMaxFeatures},
                                     "of the output", Attribute::Presence::Required}};
  append(attributes, weight_attributes<Dense>());
  append(attributes, activation_attributes<Dense>());
  append(attributes, {output_attribute()});
  return {{.name = "dense", .onnx = "Gemm", .prototype = Dense{}, .attributes = attributes}};
}

void Dense::complete(const OpPlace& written) const {
  check_weights(weights, written);
  check_before(activation, written);
}

Inferred Dense::infer(const InferInputs& in) {
  constexpr std::size_t kImageAxes = 4;
  const Shape image = in.image(0);
  TensorType type = in.types[0];
  if (type.extents.size() >= kImageAxes) {
    if (image.rows != 1 || image.cols != 1) {
      in.where.fail(fmt::format("expected a flat input for dense, got {} (put a flatten before it)",
                                shape_text(image)));
    }
    type = feature_type(type.element, image.batch, image.channels);
  }
  check_reduction(image.channels, in.where);
  in.settle(activation);
  type.extents.back() = features;
  return {.type = type, .quantization = in.defaults.behind(activation.kind)};
}

Work Dense::work() const {
  return ProductWork{.kernel = {}, .groups = 1, .weights = weights, .activation = activation};
}

Op dense_of(std::int64_t features, ActivationKind activation) {
  return Dense{.weights = {.bias = false},
               .activation = {.kind = activation, .before = {}},
               .features = features};
}

Op dense_with_biases(std::int64_t features) {
  return Dense{.weights = {}, .activation = {}, .features = features};
}

}  // namespace systole
