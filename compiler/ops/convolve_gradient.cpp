#include <algorithm>
#include <vector>

#include "compiler/ops/convolve.h"
#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"

namespace systole {

namespace {

/// Rows of all images, one behind the other, of the left operand of a gradient by weights and of
/// the gradient: what is taken at a time.
struct ImageRows {
  std::int64_t first_image = 0;
  std::int64_t images = 0;
  std::int64_t first_row = 0;  ///< of the gradient, in each of these images
  std::int64_t rows = 0;
};

std::vector<ImageRows> parts_of(const Backward& nodes, const Shape& in, const Shape& out) {
  const std::int64_t image_bytes = nodes.type(nodes.input(0)).bytes() / in.batch;
  const TensorType result{.element = nodes.element(1),
                          .extents = nodes.type(nodes.input(1)).extents};
  if (nodes.least_parts(in.batch * image_bytes, result.bytes()) == 1) {
    return {{.images = in.batch, .rows = out.rows}};
  }
  const std::int64_t most = nodes.most_whole_bytes();
  std::vector<ImageRows> parts;
  const std::int64_t images = std::max<std::int64_t>(most / image_bytes, 1);
  const std::int64_t cuts = std::min((image_bytes + most - 1) / most, out.rows);
  for (std::int64_t image = 0; image < in.batch; image += images) {
    for (std::int64_t cut = 0; cut < cuts; ++cut) {
      const std::int64_t first = out.rows * cut / cuts;
      parts.push_back({.first_image = image,
                       .images = std::min(images, in.batch - image),
                       .first_row = first,
                       .rows = out.rows * (cut + 1) / cuts - first});
    }
  }
  return parts;
}

/// Rows `first` .. of images of a tensor of images.
GraphTensorId rows_of(Backward& backward, GraphTensorId of, const ImageRows& part) {
  const Shape all = image_of(backward.type(of));
  if (part.images == all.batch && part.rows == all.rows) {
    return of;
  }
  const GraphTensorId joined = backward.view(of, {1, all.batch * all.rows, all.cols, all.channels});
  const GraphTensorId some = backward.add("rows",
                                          slice_of(1, part.first_image * all.rows + part.first_row,
                                                   (part.images - 1) * all.rows + part.rows),
                                          {joined});
  return backward.view(some, {part.images, part.rows, all.cols, all.channels});
}

}  // namespace

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
    const GraphTensorId gradient = backward.view(dy, {out.batch, out.rows, out.cols, out.channels});
    for (const ImageRows& some : parts_of(backward, in, out)) {
      // Rows of x that meet these of the gradient; what is cut off at the top is no padding.
      const std::int64_t top = some.first_row * kernel.stride_rows - kernel.pad_top;
      const std::int64_t end =
          top + (some.rows - 1) * kernel.stride_rows + kernel.dilation_rows * (kernel.rows - 1) + 1;
      if (top >= in.rows || end <= 0) {
        continue;  // nothing but padding
      }
      ImageRows seen = some;
      seen.first_row = std::clamp<std::int64_t>(top, 0, in.rows - 1);
      seen.rows = std::clamp<std::int64_t>(end, seen.first_row + 1, in.rows) - seen.first_row;
      ConvolveTensors dw{.part = ConvolutionPart::Weights,
                         .kernel = kernel,
                         .result = {.batch = some.images,
                                    .rows = some.rows,
                                    .cols = out.cols,
                                    .channels = out.channels},
                         .element = backward.element(1),
                         .settled = {}};
      if (some.rows != out.rows) {
        dw.kernel.same_padding = false;
        dw.kernel.pad_top = seen.first_row - top;
        dw.kernel.pad_bottom = std::max<std::int64_t>(end - in.rows, 0);
      } else {
        seen.rows = in.rows;
      }
      const GraphTensorId made = backward.add(
          "weight_gradient", dw,
          {rows_of(backward, x, seen), backward.rows(rows_of(backward, gradient, some))});
      backward.give(1, backward.view(made, extents));
    }
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
    const GraphTensorId rows = backward.add(
        "input_gradient", product_of({.transpose_b = true, .element = backward.element(0)}),
        {backward.rows(dy), w});
    if (!strided) {
      backward.give(0, rows);
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
