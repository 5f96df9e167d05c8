#include <fmt/format.h>

#include "compiler/ops/conv2d.h"
#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"

namespace systole {

namespace {

constexpr double kEpsilon = 1e-5;

/// Training mode: mean and variance are the batch's. y = (x - mean) / sqrt(variance + 1e-5) * gamma
/// + beta, as x * scale + shift.
GraphTensorId normalised(Forward& forward, GraphTensorId x, std::int64_t channels) {
  const Extents row{1, 1, channels};
  const GraphTensorId gamma = forward.invented("gamma", row, 1);
  const GraphTensorId beta = forward.summand(2, row);
  const GraphTensorId mean =
      forward.view(forward.add("mean", mean_of_pixels(DataType::Fp32), {x}), row);
  const GraphTensorId squares = forward.add("squares", formula_of("(a - b) * (a - b)"), {x, mean});
  const GraphTensorId variance =
      forward.view(forward.add("variance", mean_of_pixels(DataType::Fp32), {squares}), row);
  const GraphTensorId scale = forward.add(
      "scale", formula_of(fmt::format("rsqrt(a + {}) * b", kEpsilon)), {variance, gamma});
  const GraphTensorId shift = forward.add("shift", formula_of("a - b * c"), {beta, mean, scale});
  return forward.add("normalised", formula_of("a * b + c"), {x, scale, shift});
}

}  // namespace

/// A kernel of one pixel is a product of rows; a bias is added in fp32.
GraphTensorId Conv2d::train(Forward& forward) const {
  if (groups != 1) {
    forward.refuse(fmt::format("expected a convolution of one group to train, got {}", groups));
  }
  const GraphTensorId image = forward.input(0);
  const std::int64_t in = forward.type(image).extents.back();
  const GraphTensorId w = forward.factor(1, {1, kernel.positions() * in, channels});
  const bool padded =
      (kernel.pad_top | kernel.pad_bottom | kernel.pad_left | kernel.pad_right) != 0;
  const bool by_rows =
      kernel.positions() == 1 && kernel.stride_rows == 1 && kernel.stride_cols == 1 && !padded;
  const bool are_rows = forward.type(forward.rows(image)).extents.size() == 3;
  GraphTensorId made = by_rows && are_rows
                           ? forward.add("product", product_of({}), {forward.rows(image), w})
                           : forward.add("convolution", convolution_of(kernel), {image, w});
  made = forward.rows(made);
  if (weights.batch_norm) {
    return normalised(forward, made, channels);
  }
  return weights.bias ? forward.add("biased", formula_of("a + b"),
                                    {made, forward.summand(2, {1, 1, channels})})
                      : made;
}

}  // namespace systole
