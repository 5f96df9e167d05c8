#include "compiler/ops/conv1d.h"

#include <fmt/format.h>

#include "compiler/ops/composer.h"
#include "compiler/ops/make.h"

namespace systole {

std::vector<OpEntry> ConvTokens::entries() {
  std::vector<Attribute> attributes{
      {"channels", Attribute::Integer{kAt<&ConvTokens::channels>}, "of the output",
       Attribute::Presence::Required},
      {"kernel", Attribute::Integer{kAt<&ConvTokens::kernel>}, "tokens that it covers",
       Attribute::Presence::Required},
      {"stride", Attribute::Integer{kAt<&ConvTokens::stride>}, "from one output to the next"},
      {"dilation", Attribute::Integer{kAt<&ConvTokens::dilation>},
       "from one element of the kernel to the next"},
      {"padding", Attribute::Integer{.at = kAt<&ConvTokens::padding>, .least = 0},
       "tokens of zeros at either end"},
      {"causal", Attribute::Flag{kAt<&ConvTokens::causal>},
       "in place of padding: in front as many as the kernel reaches back"},
      {"groups", Attribute::Integer{kAt<&ConvTokens::groups>},
       "of channels, each with weights of its own"}};
  append(attributes, weight_attributes<ConvTokens>());
  append(attributes, activation_attributes<ConvTokens>());
  append(attributes, {output_attribute()});
  return {{.name = "conv1d", .onnx = "", .prototype = ConvTokens{}, .attributes = attributes}};
}

void ConvTokens::complete(const OpPlace& written) const {
  check_weights(weights, written);
  check_before(activation, written);
  if (causal && padding != 0) {
    written.fail("padding", "expected either padding or causal, got both");
  }
}

GraphTensorId ConvTokens::compose(Composer& composer) const {
  constexpr std::size_t kAxes = 3;
  const GraphTensorId input = composer.inputs().front();
  if (composer.extents(input).size() != kAxes) {
    composer.where().fail(
        fmt::format("expected an input of tokens and channels for conv1d, got "
                    "{} axes behind the batch",
                    composer.extents(input).size() - 1));
  }
  const GraphTensorId made = composer.add_named(
      convolution_with({.kernel = {.rows = kernel,
                                   .cols = 1,
                                   .stride_rows = stride,
                                   .pad_top = causal ? dilation * (kernel - 1) : padding,
                                   .pad_bottom = causal ? 0 : padding,
                                   .dilation_rows = dilation},
                        .channels = channels,
                        .groups = groups,
                        .weights = weights,
                        .activation = activation}),
      {input});
  const Extents image = composer.extents(made);
  return composer.view("tokens", made, {image[0], image[1], image[3]});
}

}  // namespace systole
