#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "compiler/ops/conv2d.h"
#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"

namespace systole {

namespace {

constexpr double kEpsilon = 1e-5;

/// What a normalisation leaves for the way back.
struct Normalised {
  GraphTensorId x = -1;     ///< in wide rows
  std::int64_t side = 1;    ///< pixels in each of them
  GraphTensorId mean = -1;  ///< a row of a number for each channel, as what follows
  GraphTensorId root = -1;  ///< 1 / sqrt(variance + 1e-5)
  GraphTensorId scale = -1;
  GraphTensorId gamma = -1;
  GraphTensorId beta = -1;
  bool rectified = false;
};

/// With means over the n pixels of a channel, g by the result and c = x - mean: by beta n mean(g),
/// by gamma n root mean(g c), by x scale (g - mean(g) - c root^2 mean(g c)), as scale g less a
/// line of x.
void give_gradients(const Normalised& of, Backward& backward) {
  GraphTensorId g = backward.gradient();
  if (of.rectified) {
    g = backward.add("rectified_gradient", formula_of("a * positive(b)"), {g, backward.output()});
  }
  const Extents row = backward.type(of.mean).extents;
  const std::int64_t channels = row.back();
  const std::int64_t pixels = backward.type(of.x).elements() / channels;
  const auto mean_of = [&](GraphTensorId tensor) {
    return backward.view(backward.mean("gradient_mean", tensor, channels), row);
  };
  const auto for_all = [&](std::string_view what, GraphTensorId numbers) {
    return backward.repeated(what, numbers, of.side);
  };
  const GraphTensorId mean_g = mean_of(g);
  const GraphTensorId product = backward.add("gradient_by_pixel", formula_of("a * (b - c)"),
                                             {g, of.x, for_all("mean.rows", of.mean)});
  const GraphTensorId mean_gc = mean_of(product);
  backward.give_to(
      of.beta, backward.add("beta_gradient", formula_of(fmt::format("a * {}", pixels)), {mean_g}));
  backward.give_to(of.gamma,
                   backward.add("gamma_gradient", formula_of(fmt::format("a * b * {}", pixels)),
                                {mean_gc, of.root}));
  if (backward.wants(0)) {
    const GraphTensorId slope =
        backward.add("slope", formula_of("a * b * b * c"), {mean_gc, of.root, of.scale});
    const GraphTensorId offset =
        backward.add("offset", formula_of("a * b - c * d"), {mean_g, of.scale, of.mean, slope});
    backward.give_to(
        of.x, backward.add("gradient", formula_of("a * b - (c * d + e)"),
                           {g, for_all("scale.rows", of.scale), of.x, for_all("slope.rows", slope),
                            for_all("offset.rows", offset)}));
  }
}

/// Training mode: mean and variance are the batch's. y = (x - mean) / sqrt(variance + 1e-5) * gamma
/// + beta, as x * scale + shift.
GraphTensorId normalised(Forward& forward, GraphTensorId x, std::int64_t channels) {
  const Extents row{1, 1, channels};
  Normalised made{.x = forward.wide(x),
                  .side = forward.pixels_abreast(x),
                  .rectified = forward.takes_rectifier()};
  const auto for_all = [&](std::string_view what, GraphTensorId numbers) {
    return forward.repeated(what, numbers, made.side);
  };
  made.gamma = forward.invented("gamma", row, 1);
  made.beta = forward.summand(2, row);
  made.mean = forward.view(forward.mean("mean", made.x, channels), row);
  const GraphTensorId squares = forward.add("squares", formula_of("(a - b) * (a - b)"),
                                            {made.x, for_all("mean.rows", made.mean)});
  const GraphTensorId variance = forward.view(forward.mean("variance", squares, channels), row);
  made.root = forward.add("root", formula_of(fmt::format("rsqrt(a + {})", kEpsilon)), {variance});
  made.scale = forward.add("scale", formula_of("a * b"), {made.root, made.gamma});
  const GraphTensorId shift =
      forward.add("shift", formula_of("a - b * c"), {made.beta, made.mean, made.scale});
  const GraphTensorId y =
      forward.add("normalised", formula_of(made.rectified ? "max(a * b + c, 0)" : "a * b + c"),
                  {made.x, for_all("scale.rows", made.scale), for_all("shift.rows", shift)});
  forward.set_rule(y, [made](Backward& backward) { give_gradients(made, backward); });
  return y;
}

struct Operands {
  GraphTensorId image = -1;
  GraphTensorId weights = -1;
};

/// Channels `first` .. of a tensor; of all of them itself. As exact as a parameter, where it is of
/// weights.
GraphTensorId some_channels(Forward& forward, GraphTensorId of, std::int64_t first,
                            std::int64_t size) {
  const Extents& extents = forward.type(of).extents;
  return extents.back() == size
             ? of
             : forward.add("part",
                           slice_of(static_cast<std::int64_t>(extents.size()) - 1, first, size),
                           {of});
}

GraphTensorId by_group(Forward& forward, const Kernel& kernel, const Operands& of,
                       std::int64_t groups) {
  const std::int64_t in = forward.type(of.image).extents.back() / groups;
  const std::int64_t out = forward.type(of.weights).extents.back() / groups;
  std::vector<GraphTensorId> made;
  for (std::int64_t group = 0; group < groups; ++group) {
    const GraphTensorId w = some_channels(forward, of.weights, group * out, out);
    forward.keep_exact(w);
    made.push_back(forward.add("convolution", convolution_of(kernel),
                               {some_channels(forward, of.image, group * in, in), w}));
  }
  return forward.add("groups", concatenation(), made);
}

/// Rows (kernel position, channel) of weights that are zero but where channel and column are the
/// same one, from rows of kernel positions. Its gradient has a sum over the channels' rows, of
/// which each column has one that is not left out.
GraphTensorId on_diagonals(Forward& forward, GraphTensorId w) {
  const Extents extents = forward.type(w).extents;
  const std::int64_t taps = extents[1];
  const std::int64_t channels = extents[2];
  MapAxis each{.indices = {}};
  for (std::int64_t tap = 0; tap < taps; ++tap) {
    each.indices.insert(each.indices.end(), static_cast<std::size_t>(channels), tap);
  }
  const Extents squares{1, taps, channels, channels};
  const GraphTensorId repeated =
      forward.view(forward.add("repeated", rearrangement_of({each}), {w}), squares);
  const double far = forward.type(w).element == DataType::Fp16 ? 65000 : 1e30;
  const std::string seen = fmt::format("where(positive(a + {}), a, 0)", far);
  const GraphTensorId diagonal = forward.add(
      "diagonal", formula_of(seen), {forward.add("masked", mask_of({.window = 1}), {repeated})});
  const GraphTensorId rows = forward.view(diagonal, {1, taps * channels, channels});
  forward.keep_exact(diagonal);
  forward.set_rule(diagonal, [=](Backward& backward) {
    const GraphTensorId masked = backward.add("masked_gradient", mask_of({.window = 1}),
                                              {backward.view(backward.gradient(), squares)});
    const GraphTensorId only =
        backward.add("diagonal_gradient", formula_of("where(positive(a + 1e+30), a, 0)"), {masked});
    const GraphTensorId mean = backward.add("diagonal_mean", mean_of_columns(channels), {only});
    backward.give_to(
        w, backward.view(
               backward.add("diagonal_sum", formula_of(fmt::format("a * {}", channels)), {mean}),
               extents));
  });
  return rows;
}

/// Of a kernel for each channel: as many at a time as fill an array, as a convolution with zeros
/// off its diagonals.
GraphTensorId by_channel(Forward& forward, const Kernel& kernel, GraphTensorId image,
                         GraphTensorId w) {
  constexpr std::int64_t kAtATime = 128;
  const std::int64_t channels = forward.type(image).extents.back();
  std::vector<GraphTensorId> made;
  for (std::int64_t first = 0; first < channels; first += kAtATime) {
    const std::int64_t size = std::min(kAtATime, channels - first);
    const GraphTensorId some = some_channels(forward, w, first, size);
    forward.keep_exact(some);
    made.push_back(
        forward.add("convolution", convolution_of(kernel),
                    {some_channels(forward, image, first, size), on_diagonals(forward, some)}));
  }
  return made.size() == 1 ? made.front() : forward.add("channels", concatenation(), made);
}

}  // namespace

/// A kernel of one pixel is a product of rows; a bias is added in fp32. Groups are convolutions of
/// their own, side by side.
GraphTensorId Conv2d::train(Forward& forward) const {
  const GraphTensorId image = forward.input(0);
  const std::int64_t in = forward.type(image).extents.back();
  const GraphTensorId w = forward.factor(1, {1, kernel.positions() * (in / groups), channels});
  const bool padded =
      (kernel.pad_top | kernel.pad_bottom | kernel.pad_left | kernel.pad_right) != 0;
  const bool by_rows =
      kernel.positions() == 1 && kernel.stride_rows == 1 && kernel.stride_cols == 1 && !padded;
  const bool are_rows = forward.type(forward.rows(image)).extents.size() == 3;
  GraphTensorId made = -1;
  if (groups > 1) {
    made = in == groups && channels == groups ? by_channel(forward, kernel, image, w)
                                              : by_group(forward, kernel, {image, w}, groups);
  } else if (by_rows && are_rows) {
    made = forward.add("product", product_of({}), {forward.rows(image), w});
  } else {
    made = forward.add("convolution", convolution_of(kernel), {image, w});
  }
  made = forward.rows(made);
  if (weights.batch_norm) {
    return normalised(forward, made, channels);
  }
  return weights.bias ? forward.add("biased", formula_of("a + b"),
                                    {made, forward.summand(2, {1, 1, channels})})
                      : made;
}

}  // namespace systole
