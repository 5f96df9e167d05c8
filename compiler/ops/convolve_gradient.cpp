#include "compiler/ops/convolve.h"
#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"

namespace systole {

Op convolution_of(const Kernel& kernel) {
  return ConvolveTensors{.kernel = kernel, .result = {}, .settled = {}};
}

/// dw is the correlation of x with dy, whose pixels are as far apart as the stride says; dx the
/// convolution of dy, with stride - 1 pixels of zeros between its own, and the kernel turned by
/// half a turn. A kernel of one pixel multiplies first and spreads then.
void ConvolveTensors::gradient(Backward& backward) const {
  const GraphTensorId x = backward.input(0);
  const GraphTensorId w = backward.input(1);
  const GraphTensorId dy = backward.gradient();
  const Shape in = image_of(backward.type(x));
  const Shape out = image_of(backward.type(backward.output()));
  const std::int64_t taps = kernel.positions();
  if (backward.wants(1)) {
    const Extents extents = backward.type(w).extents;
    const Op dw = ConvolveTensors{.part = ConvolutionPart::Weights,
                                  .kernel = kernel,
                                  .result = out,
                                  .element = backward.element(1),
                                  .settled = {}};
    const GraphTensorId made = backward.add("weight_gradient", dw, {x, backward.rows(dy)});
    backward.give(1, backward.view(made, extents));
  }
  if (!backward.wants(0)) {
    return;
  }
  const bool strided = kernel.stride_rows > 1 || kernel.stride_cols > 1;
  const bool padded =
      (kernel.pad_top | kernel.pad_bottom | kernel.pad_left | kernel.pad_right) != 0;
  const auto spread = [&](std::int64_t rows, std::int64_t cols) {
    return spread_pixels(out, {.rows = rows, .cols = cols},
                         {.stride_rows = kernel.stride_rows, .stride_cols = kernel.stride_cols});
  };
  if (taps == 1 && !padded && backward.type(backward.rows(dy)).extents.size() == 3) {
    const GraphTensorId rows =
        backward.add("input_gradient", product_of({.transpose_b = true}), {backward.rows(dy), w});
    if (!strided) {
      backward.give(0, backward.view(rows, backward.type(x).extents));
    } else {
      const GraphTensorId image = backward.view(rows, {in.batch, out.rows, out.cols, in.channels});
      backward.give(0, spread(in.rows, in.cols), {image});
    }
    return;
  }
  const std::int64_t reach_rows = kernel.dilation_rows * (kernel.rows - 1);
  const std::int64_t reach_cols = kernel.dilation_cols * (kernel.cols - 1);
  if (kernel.pad_top > reach_rows || kernel.pad_left > reach_cols) {
    backward.refuse(
        "expected a convolution padded by less than its kernel, got one padded by more");
  }
  const std::int64_t rows = (out.rows - 1) * kernel.stride_rows + 1;
  const std::int64_t cols = (out.cols - 1) * kernel.stride_cols + 1;
  GraphTensorId image = dy;
  if (strided) {
    image = backward.add("spread_gradient", spread(rows, cols), {dy});
  }
  Kernel turned = kernel;
  turned.stride_rows = turned.stride_cols = 1;
  turned.same_padding = false;
  turned.pad_top = reach_rows - kernel.pad_top;
  turned.pad_left = reach_cols - kernel.pad_left;
  turned.pad_bottom = in.rows + reach_rows - rows - turned.pad_top;
  turned.pad_right = in.cols + reach_cols - cols - turned.pad_left;
  backward.give(0,
                ConvolveTensors{.part = ConvolutionPart::Input,
                                .kernel = turned,
                                .result = in,
                                .element = backward.element(0),
                                .settled = {}},
                {image, w});
}

}  // namespace systole
