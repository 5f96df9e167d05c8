#include <fmt/format.h>

#include "compiler/ops/conv2d.h"
#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"

namespace systole {

namespace {

constexpr double kEpsilon = 1e-5;

/// What a normalisation leaves for the way back.
struct Normalised {
  GraphTensorId x = -1;
  GraphTensorId mean = -1;  ///< rows of a number for each channel, as what follows
  GraphTensorId root = -1;  ///< 1 / sqrt(variance + 1e-5)
  GraphTensorId scale = -1;
  GraphTensorId gamma = -1;
  GraphTensorId beta = -1;
  bool rectified = false;
};

/// With means over the n pixels of a channel, g by the result and c = x - mean: by beta n mean(g),
/// by gamma n root mean(g c), by x scale (g - mean(g) - c root^2 mean(g c)).
void give_gradients(const Normalised& of, Backward& backward) {
  GraphTensorId g = backward.gradient();
  if (of.rectified) {
    g = backward.add("rectified_gradient", formula_of("a * positive(b)"), {g, backward.output()});
  }
  const Extents row = backward.type(of.mean).extents;
  const std::int64_t pixels = backward.type(of.x).elements() / row.back();
  const auto mean_of = [&](GraphTensorId tensor) {
    return backward.view(backward.add("gradient_mean", mean_of_pixels(DataType::Fp32), {tensor}),
                         row);
  };
  const GraphTensorId mean_g = mean_of(g);
  const GraphTensorId product =
      backward.add("gradient_by_pixel", formula_of("a * (b - c)"), {g, of.x, of.mean});
  const GraphTensorId mean_gc = mean_of(product);
  backward.give_to(
      of.beta, backward.add("beta_gradient", formula_of(fmt::format("a * {}", pixels)), {mean_g}));
  backward.give_to(of.gamma,
                   backward.add("gamma_gradient", formula_of(fmt::format("a * b * {}", pixels)),
                                {mean_gc, of.root}));
  if (backward.wants(0)) {
    const GraphTensorId slope = backward.add("slope", formula_of("a * b * b"), {mean_gc, of.root});
    const GraphTensorId line =
        backward.add("line", formula_of("(a - b) * c + d"), {of.x, of.mean, slope, mean_g});
    backward.give_to(of.x,
                     backward.add("gradient", formula_of("(a - b) * c"), {g, line, of.scale}));
  }
}

/// Training mode: mean and variance are the batch's. y = (x - mean) / sqrt(variance + 1e-5) * gamma
/// + beta, as x * scale + shift.
GraphTensorId normalised(Forward& forward, GraphTensorId x, std::int64_t channels) {
  const Extents row{1, 1, channels};
  Normalised made{.x = x, .rectified = forward.takes_rectifier()};
  made.gamma = forward.invented("gamma", row, 1);
  made.beta = forward.summand(2, row);
  made.mean = forward.view(forward.add("mean", mean_of_pixels(DataType::Fp32), {x}), row);
  const GraphTensorId squares =
      forward.add("squares", formula_of("(a - b) * (a - b)"), {x, made.mean});
  const GraphTensorId variance =
      forward.view(forward.add("variance", mean_of_pixels(DataType::Fp32), {squares}), row);
  made.root = forward.add("root", formula_of(fmt::format("rsqrt(a + {})", kEpsilon)), {variance});
  made.scale = forward.add("scale", formula_of("a * b"), {made.root, made.gamma});
  const GraphTensorId shift =
      forward.add("shift", formula_of("a - b * c"), {made.beta, made.mean, made.scale});
  const GraphTensorId y =
      forward.add("normalised", formula_of(made.rectified ? "max(a * b + c, 0)" : "a * b + c"),
                  {x, made.scale, shift});
  forward.set_rule(y, [made](Backward& backward) { give_gradients(made, backward); });
  return y;
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
