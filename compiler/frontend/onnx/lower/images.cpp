#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "compiler/frontend/onnx/lower/families.h"
#include "compiler/frontend/onnx/lower/linear.h"
#include "compiler/frontend/onnx/lower/lowering.h"
#include "compiler/frontend/onnx/operator_names.h"

namespace systole {

namespace {

/// Memory of an image of one column is that of one of rows and columns.
OnnxShape with_columns(OnnxShape shape) {
  if (shape.size() == 3) {
    shape.push_back(1);
  }
  return shape;
}

void lower_pool(Lowering& in) {
  const ImportNode& node = in.node();
  const OnnxShape& image = in.shape(0);
  const bool is_max = node.op == "MaxPool";
  ImportWindow window = window_of(node, image, *node.integers("kernel_shape"));
  Kernel kernel = kernel_of(window);
  if (kernel.dilation_rows != 1 || kernel.dilation_cols != 1) {
    refuse("expected a pool without dilation, got one with");
  }
  if (node.outputs.size() > 1 && node.integer("storage_order", 0) != 0) {
    refuse("expected a pool in the order of rows, got one in that of columns");
  }
  const bool counts = node.integer("count_include_pad", 0) != 0;
  bool grown = false;
  for (std::size_t axis = 0; axis < window.kernel.size(); ++axis) {
    const std::int64_t covered =
        (window.out[axis] - 1) * window.strides[axis] + window.kernel[axis];
    const std::int64_t missing =
        covered - (image[axis + 2] + window.pads_before[axis] + window.pads_after[axis]);
    if (missing > 0) {
      window.pads_after[axis] += missing;
      grown = true;
    }
  }
  if (grown && counts && !is_max) {
    refuse(
        "expected an average that leaves out its padding where sizes round up, got one that "
        "counts it");
  }
  kernel = kernel_of(window);
  const GraphTensorId input = in.ordered(0, channels_last(image.size()));
  in.add(PoolTensor{.kind = is_max ? PoolKind::Max : PoolKind::Average,
                    .kernel = kernel,
                    .global = false,
                    .count_padding = counts && !is_max},
         is_max ? "max_pool" : "average_pool", {input},
         Layout::ordered(in.out_shape(), channels_last(image.size())));
}

void lower_global_pool(Lowering& in) {
  const OnnxShape image = with_columns(in.shape(0));
  if (image.size() != 4) {
    refuse("expected an image of rows and columns, got {}", text_of(image));
  }
  const Axes order = channels_last(in.shape(0).size());
  const GraphTensorId input = in.ordered(0, order);
  const Layout layout = Layout::ordered(in.out_shape(), order);
  if (in.node().op == "GlobalAveragePool") {
    in.add(PoolTensor{.kind = PoolKind::Average, .global = true}, "global_average_pool", {input},
           layout);
    return;
  }
  in.add(PoolTensor{.kind = PoolKind::Max, .kernel = {.rows = image[2], .cols = image[3]}},
         "max_pool", {input}, layout);
}

/// Scales that round to a size may be others than its factor.
void check_scales(const Lowering& in, float factor) {
  const ImportNode& node = in.node();
  const OnnxConstant* scales = nullptr;
  for (const ImportValueId input : node.inputs) {
    const OnnxConstant* found = input == node.inputs.front() ? nullptr : in.graph().constant(input);
    if (found != nullptr && is_floating(found->type()) && found->elements() == 4) {
      scales = found;
    }
  }
  std::vector<float> by = scales == nullptr ? std::vector<float>{} : scales->floats();
  if (const OnnxAttribute* attribute = node.attribute("scales")) {
    by = attribute->numbers;
  }
  if (!by.empty() && (by[2] != factor || by[3] != factor)) {
    refuse("expected an image whose rows and columns grow by one whole factor, got {} and {}",
           by[2], by[3]);
  }
}

/// Whole factors that repeat the nearest pixel.
void lower_whole_resize(Lowering& in) {
  const ImportNode& node = in.node();
  const OnnxShape& from = in.shape(0);
  const OnnxShape& to = in.out_shape();
  constexpr std::int64_t kMostTimes = 64;
  const bool image = from.size() == 4 && from[0] == to[0] && from[1] == to[1];
  const std::int64_t factor = image ? to[2] / from[2] : 0;
  if (!image || factor < 1 || factor > kMostTimes || to[2] != from[2] * factor ||
      to[3] != from[3] * factor) {
    refuse("expected an image whose rows and columns grow by one whole factor, got {} to {}",
           text_of(from), text_of(to));
  }
  const bool old = node.op == "Upsample" || in.graph().opset < 11;
  const std::string place =
      old ? "asymmetric" : node.text("coordinate_transformation_mode", "half_pixel");
  const std::string rounding = old ? "floor" : node.text("nearest_mode", "round_prefer_floor");
  const bool centred =
      place == "half_pixel" || (place == "pytorch_half_pixel" && to[2] > 1 && to[3] > 1);
  // Pixels of the output have their centres within those that they come from.
  const bool nearest = (centred && rounding.starts_with("round_prefer")) ||
                       (place == "asymmetric" && rounding == "floor");
  if (node.text("mode", "nearest") != "nearest" || !nearest) {
    refuse("expected the nearest pixel by centres, or by corners rounded down, got another");
  }
  check_scales(in, static_cast<float>(factor));
  const Axes order = channels_last(from.size());
  const GraphTensorId input = in.ordered(0, order);
  in.add(ResizeTensor{.factor = factor}, "resize", {input}, Layout::ordered(to, order));
}

// --- sizes of any ratio ---

/// How indices of an axis of the output lie among those of the input.
struct ResizedAxis {
  std::int64_t from = 1;
  std::int64_t to = 1;
  double scale = 1;
  std::string place;

  [[nodiscard]] double at(std::int64_t index) const {
    const auto x = static_cast<double>(index);
    if (place == "align_corners") {
      // The size of the output counts as what the scale says, not as what that rounds to.
      const double size = static_cast<double>(from) * scale;
      return size == 1 ? 0 : x * static_cast<double>(from - 1) / (size - 1);
    }
    if (place == "asymmetric") {
      return x / scale;
    }
    if (place == "pytorch_half_pixel" && to == 1) {
      return 0;
    }
    return (x + 0.5) / scale - 0.5;
  }
};

std::int64_t nearest(double x, const std::string& mode) {
  if (mode == "floor") {
    return static_cast<std::int64_t>(std::floor(x));
  }
  if (mode == "ceil") {
    return static_cast<std::int64_t>(std::ceil(x));
  }
  // Halves go down, or up.
  return static_cast<std::int64_t>(mode == "round_prefer_ceil" ? std::floor(x + 0.5)
                                                               : std::ceil(x - 0.5));
}

/// Weights of the pixels around x, from floor(x) - reach + 1 on.
std::vector<double> weights_around(const std::string& mode, double share, double a) {
  if (mode == "linear") {
    return {1 - share, share};
  }
  const auto near_one = [&](double s) { return ((a + 2) * s - (a + 3)) * s * s + 1; };
  const auto far_one = [&](double s) { return ((a * s - 5 * a) * s + 8 * a) * s - 4 * a; };
  return {far_one(share + 1), near_one(share), near_one(1 - share), far_one(2 - share)};
}

/// [from][to]: what each element of the input counts for each of the output.
std::vector<float> resize_matrix(const ResizedAxis& axis, const std::string& mode, double a,
                                 bool leaves_out) {
  std::vector<double> matrix(static_cast<std::size_t>(axis.from * axis.to), 0);
  for (std::int64_t to = 0; to < axis.to; ++to) {
    const double x = axis.at(to);
    const double below = std::floor(x);
    std::vector<double> weights = weights_around(mode, x - below, a);
    const auto first =
        static_cast<std::int64_t>(below) - static_cast<std::int64_t>(weights.size()) / 2 + 1;
    double sum = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const std::int64_t at = first + static_cast<std::int64_t>(i);
      if (leaves_out && (at < 0 || at >= axis.from)) {
        weights[i] = 0;
      }
      sum += weights[i];
    }
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const std::int64_t at =
          std::clamp<std::int64_t>(first + static_cast<std::int64_t>(i), 0, axis.from - 1);
      matrix[static_cast<std::size_t>(at * axis.to + to)] += weights[i] / (leaves_out ? sum : 1);
    }
  }
  return {matrix.begin(), matrix.end()};
}

std::vector<ResizedAxis> resized_axes(const Lowering& in) {
  const ImportNode& node = in.node();
  const bool old = node.op == "Upsample" || in.graph().opset < 11;
  std::vector<float> scales;
  for (std::size_t i = 1; i < node.inputs.size(); ++i) {
    const OnnxConstant* found = in.graph().constant(node.input(i));
    if (found != nullptr && is_floating(found->type()) &&
        found->elements() == static_cast<std::int64_t>(in.shape(0).size())) {
      scales = found->floats();
    }
  }
  if (const OnnxAttribute* attribute = node.attribute("scales")) {
    scales = attribute->numbers;
  }
  std::vector<ResizedAxis> axes;
  for (std::size_t axis = 0; axis < in.shape(0).size(); ++axis) {
    const std::int64_t from = in.shape(0)[axis];
    const std::int64_t to = in.out_shape()[axis];
    axes.push_back(
        {.from = from,
         .to = to,
         .scale = axis < scales.size() ? static_cast<double>(scales[axis])
                                       : static_cast<double>(to) / static_cast<double>(from),
         .place = old ? "asymmetric" : node.text("coordinate_transformation_mode", "half_pixel")});
  }
  return axes;
}

/// The nearest pixels are copied; others are sums of some along each axis: products with a matrix.
void lower_any_resize(Lowering& in) {
  const ImportNode& node = in.node();
  const bool old = node.op == "Upsample" || in.graph().opset < 11;
  const std::vector<ResizedAxis> axes = resized_axes(in);
  const std::string mode = node.text("mode", "nearest");
  if (!axes.empty() && axes.front().place.starts_with("tf_")) {
    refuse("expected a resize of the whole image, got one of a part ({})", axes.front().place);
  }
  Held made = in.held(0);
  if (mode == "nearest") {
    const std::string rounding = old ? "floor" : node.text("nearest_mode", "round_prefer_floor");
    Picks picks;
    for (const ResizedAxis& axis : axes) {
      auto& pick = picks.emplace_back();
      for (std::int64_t to = 0; to < axis.to; ++to) {
        pick.push_back(
            axis.from == axis.to && axis.scale == 1
                ? to
                : std::clamp<std::int64_t>(nearest(axis.at(to), rounding), 0, axis.from - 1));
      }
    }
    const Axes order = in.order_of_memory(made).value_or(plain_order(picks.size()));
    in.hold(in.moved(made, picks, order, 0, 0));
    return;
  }
  const double a = static_cast<double>(node.number("cubic_coeff_a", -0.75F));
  const bool leaves_out = mode == "cubic" && node.integer("exclude_outside", 0) != 0;
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    if (axes[axis].from != axes[axis].to || axes[axis].scale != 1) {
      made = linear(in, made, axis, axes[axis].to, [each = axes[axis], mode, a, leaves_out] {
        return resize_matrix(each, mode, a, leaves_out);
      });
    }
  }
  in.hold(made);
}

void lower_resize(Lowering& in) {
  if (in.may_move()) {
    lower_any_resize(in);
    return;
  }
  lower_whole_resize(in);
}

constexpr auto kImagesRules = std::to_array<LowerRule>({
    {"AveragePool", lower_pool},
    {"GlobalAveragePool", lower_global_pool},
    {"GlobalMaxPool", lower_global_pool},
    {"MaxPool", lower_pool, OfIntegers::Stays},
    {"Resize", lower_resize, OfIntegers::Stays},
    {"Upsample", lower_resize, OfIntegers::Stays},
});

}  // namespace

std::span<const LowerRule> image_rules() {
  return kImagesRules;
}

}  // namespace systole
