#include "compiler/ops/conv2d.h"

#include <fmt/format.h>

#include "compiler/ops/make.h"
#include "compiler/ops/op.h"

namespace systole {

std::vector<OpEntry> Conv2d::entries() {
  std::vector<Attribute> attributes{{"channels", Attribute::Integer{kAt<&Conv2d::channels>},
                                     "of the output", Attribute::Presence::Required}};
  append(attributes, kernel_attributes<Conv2d>(Dilation::Possible));
  append(attributes, {{"groups", Attribute::Integer{kAt<&Conv2d::groups>},
                       "of channels, each with weights of its own"}});
  append(attributes, weight_attributes<Conv2d>());
  append(attributes, activation_attributes<Conv2d>());
  append(attributes, {output_attribute()});
  return {{.name = "conv2d", .onnx = "Conv", .prototype = Conv2d{}, .attributes = attributes}};
}

void Conv2d::complete(const OpPlace& written) const {
  check_weights(weights, written);
  check_before(activation, written);
}

Inferred Conv2d::infer(const InferInputs& in) {
  const Shape image = in.image(0);
  settle_pads(kernel, image, in.where);
  if (image.channels % groups != 0 || channels % groups != 0) {
    in.where.fail("groups",
                  fmt::format("expected a divisor of the {} input and {} output channels, got {}",
                              image.channels, channels, groups));
  }
  const Shape out = window_shape(kernel, image, channels, in.where);
  check_reduction(kernel.positions(), in.where);  // first: the next product cannot overflow
  check_reduction(kernel.positions() * (image.channels / groups), in.where);
  in.settle(activation);
  return {.type = image_type(in.types[0].element, out),
          .quantization = in.defaults.behind(activation.kind)};
}

Work Conv2d::work() const {
  return ProductWork{
      .kernel = kernel, .groups = groups, .weights = weights, .activation = activation};
}

Op convolution_with(const ConvolutionForm& form) {
  return Conv2d{.kernel = form.kernel,
                .groups = form.groups,
                .weights = form.weights,
                .activation = form.activation,
                .channels = form.channels};
}

}  // namespace systole
