#include "compiler/ops/conv_transpose.h"

#include <fmt/format.h>

#include "compiler/ops/composer.h"
#include "compiler/ops/make.h"

namespace systole {

std::vector<OpEntry> ConvTranspose::entries() {
  std::vector<Attribute> attributes{{"channels", Attribute::Integer{kAt<&ConvTranspose::channels>},
                                     "of the output", Attribute::Presence::Required}};
  append(attributes, kernel_attributes<ConvTranspose>(Dilation::Possible));
  append(attributes, {{"output_padding",
                       Attribute::Integer{.at = kAt<&ConvTranspose::output_padding>, .least = 0},
                       "rows and columns more behind the output"},
                      {"groups", Attribute::Integer{kAt<&ConvTranspose::groups>},
                       "of channels, each with weights of its own"}});
  append(attributes, weight_attributes<ConvTranspose>());
  append(attributes, activation_attributes<ConvTranspose>());
  append(attributes, {output_attribute()});
  return {{.name = "conv_transpose2d",
           .onnx = "ConvTranspose",
           .prototype = ConvTranspose{},
           .attributes = attributes}};
}

void ConvTranspose::complete(const OpPlace& written) const {
  check_weights(weights, written);
  check_before(activation, written);
  if (kernel.same_padding) {
    written.fail("padding", "expected numbers for a transposed convolution, got same");
  }
}

GraphTensorId ConvTranspose::compose(Composer& composer) const {
  const GraphTensorId input = composer.inputs().front();
  const Shape in = composer.tensor(input).shape();
  const auto size = [&](std::int64_t extent, std::int64_t stride, std::int64_t before,
                        std::int64_t behind, std::int64_t reach) {
    return (extent - 1) * stride + 1 + 2 * reach - before - behind + output_padding;
  };
  const std::int64_t reach_rows = kernel.dilation_rows * (kernel.rows - 1);
  const std::int64_t reach_cols = kernel.dilation_cols * (kernel.cols - 1);
  Shape spread = in;
  spread.rows = size(in.rows, kernel.stride_rows, kernel.pad_top, kernel.pad_bottom, reach_rows);
  spread.cols = size(in.cols, kernel.stride_cols, kernel.pad_left, kernel.pad_right, reach_cols);
  if (spread.rows <= reach_rows || spread.cols <= reach_cols) {
    composer.where().fail("padding",
                          fmt::format("expected an output of at least 1 x 1, got {} x {}",
                                      spread.rows - reach_rows, spread.cols - reach_cols));
  }
  check_size(spread, composer.where().op);
  // The first pixel of the input meets the last element of the kernel first.
  const PixelSteps steps{.stride_rows = kernel.stride_rows,
                         .stride_cols = kernel.stride_cols,
                         .shift_rows = kernel.pad_top - reach_rows,
                         .shift_cols = kernel.pad_left - reach_cols};
  const GraphTensorId pixels = composer.add("spread", spread_pixels(in, spread, steps), {input});
  return composer.add_named(convolution_with({.kernel = {.rows = kernel.rows,
                                                         .cols = kernel.cols,
                                                         .dilation_rows = kernel.dilation_rows,
                                                         .dilation_cols = kernel.dilation_cols},
                                              .channels = channels,
                                              .groups = groups,
                                              .weights = weights,
                                              .activation = activation}),
                            {pixels});
}

}  // namespace systole
