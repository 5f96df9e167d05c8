#include "compiler/ops/convolve.h"

#include <fmt/format.h>

#include "compiler/ops/op.h"

namespace systole {

namespace {

constexpr std::int64_t kMostReduction = std::int64_t{1} << 26;

void check_operand(bool fits, std::string_view which, const TensorType& type,
                   const OpPlace& where) {
  if (!fits) {
    where.fail(fmt::format("expected {} of the convolution, got a tensor of {} elements", which,
                           type.elements()));
  }
}

}  // namespace

std::vector<OpEntry> ConvolveTensors::entries() {
  return {};
}

Inferred ConvolveTensors::infer(const InferInputs& in) {
  const Shape image = in.image(0);
  const TensorType& right = in.types[1];
  const DataType type = element.value_or(in.types[0].element);
  const std::int64_t taps = kernel.positions();
  settled = {};
  settled.c.col = 1;
  if (part == ConvolutionPart::Weights) {
    const std::int64_t columns = right.extents.back();
    check_operand(right.elements() == result.pixels() * columns && image.batch == result.batch,
                  "the gradient by the output", right, in.where);
    settled.images = taps;
    settled.m = image.channels;
    settled.k = result.pixels();
    settled.n = columns;
    settled.k_part = result.rows * result.cols;
    settled.a.row = 1;
    settled.a.col = image.channels;
    settled.b.row = columns;
    settled.b.col = 1;
    settled.c.image = image.channels * columns;
    settled.c.row = columns;
    settled.c.images_axis = MatrixAxis::Image;
    settled.c.rows_axis = MatrixAxis::Row;
    settled.image =
        ImageOperand{.kernel = kernel, .in = image, .out = result, .is_correlated = true};
    return {.type = {.element = type, .extents = {taps, settled.m, settled.n}}, .quantization = {}};
  }
  const bool forward = part == ConvolutionPart::Output;
  settled.k = taps * image.channels;
  settled.n = forward ? right.extents.back() : result.channels;
  check_operand(right.elements() == settled.k * settled.n, "the weights", right, in.where);
  const Shape out = window_shape(kernel, image, settled.n, in.where);
  if (!forward) {
    check_operand(out == result, "the gradient by the output", in.types[0], in.where);
  }
  if (settled.k > kMostReduction) {
    in.where.fail(fmt::format("expected at most {} products for each output, got {}",
                              kMostReduction, settled.k));
  }
  settled.m = out.pixels();
  settled.a.row = image.channels;
  settled.a.col = 1;
  settled.c.row = settled.n;
  settled.image = ImageOperand{.kernel = kernel, .in = image, .out = out};
  if (forward) {
    settled.b.row = settled.n;
    settled.b.col = 1;
  } else {
    // From the last kernel position to the first, each transposed.
    settled.k_part = image.channels;
    settled.b.row = 1;
    settled.b.col = image.channels;
    settled.b.first = (taps - 1) * image.channels * settled.n;
    settled.b.part = image.channels;
    settled.b.part_step = -image.channels * settled.n;
  }
  return {.type = image_type(type, out), .quantization = {}};
}

Work ConvolveTensors::work() const {
  return settled;
}

}  // namespace systole
