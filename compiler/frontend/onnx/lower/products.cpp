#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "arch/diag/printable.h"
#include "compiler/frontend/onnx/lower/families.h"
#include "compiler/frontend/onnx/lower/formula_inputs.h"
#include "compiler/frontend/onnx/lower/linear.h"
#include "compiler/frontend/onnx/lower/lowering.h"
#include "compiler/frontend/onnx/operator_names.h"
#include "compiler/graph/file_order.h"

namespace systole {

namespace {

void lower_conv(Lowering& in) {
  const ImportNode& node = in.node();
  const OnnxConstant weights = in.constant(1, "weights");
  const OnnxShape& image = in.shape(0);
  const OnnxShape kernel_shape(weights.shape().begin() + 2, weights.shape().end());
  const ImportWindow window = window_of(node, image, kernel_shape);
  const std::int64_t groups = node.integer("group", 1);
  const std::int64_t channels = weights.shape()[0];
  const bool biased = node.input(2) != kNoValue;
  const Layout from = in.held(0).layout;
  const Axes order = channels_last(image.size());
  // Channels may stand in any order where every weight sees all of them.
  const bool as_is = groups == 1 && from.is_ordered_but_last(order);
  const Layout inner = as_is ? from.axis(1) : Layout::plain({weights.shape()[1]});
  const GraphTensorId input = groups == 1 ? in.ordered_but_last(0, order) : in.ordered(0, order);
  std::vector<float> biases;
  if (biased) {
    biases = in.constant(2, "biases").floats();
  }
  in.add(Conv2d{.kernel = kernel_of(window),
                .groups = groups,
                .weights = {.bias = biased, .batch_norm = false},
                .activation = in.activation(),
                .channels = channels},
         "conv2d", {input}, Layout::ordered(in.out_shape(), channels_last(image.size())));
  in.keep_weight_scales(1, 0);
  in.set_numbers(kWeightsInput, [weights, groups, inner] {
    const OnnxShape& shape = weights.shape();  // out, in of the group, kernel...
    const std::int64_t positions = elements_of(OnnxShape(shape.begin() + 2, shape.end()));
    std::vector<float> numbers = weights.floats();
    const FileOrder axes{.shape = {},
                         .sizes = {groups, shape[0] / groups, shape[1], positions},
                         .order = {0, 3, 2, 1}};
    numbers = to_memory(axes, numbers);
    if (!inner.is_plain()) {
      std::vector<float> reordered;
      const FileOrder channels_order = inner.file_order();
      const auto block = static_cast<std::size_t>(shape[1] * shape[0]);
      for (std::size_t position = 0; position < static_cast<std::size_t>(positions); ++position) {
        const auto* const first = reinterpret_cast<const char*>(numbers.data() + position * block);
        const std::string bytes =
            to_memory(channels_order, std::string(first, block * sizeof(float)),
                      static_cast<std::size_t>(shape[0]) * sizeof(float));
        const auto* const floats = reinterpret_cast<const float*>(bytes.data());
        reordered.insert(reordered.end(), floats, floats + block);
      }
      return reordered;
    }
    return numbers;
  });
  if (biased) {
    in.set_numbers(kBiasesInput, [biases] { return biases; });
  }
}

void lower_dense(Lowering& in) {
  const OnnxConstant weights = in.constant(1, "weights");
  const OnnxShape& shape = in.shape(0);
  const bool biased = in.node().input(2) != kNoValue;
  const Layout from = in.held(0).layout;
  const Axes order = plain_order(shape.size());
  const bool viewed = in.holds_images(0, order);
  // A copy has the features in the order of the file, and so has what is viewed as rows.
  const bool as_is = viewed && from.is_ordered_but_last(order);
  const Layout inner = as_is ? from.axis(order.back()) : Layout::plain({shape[order.back()]});
  const std::int64_t columns = weights.shape()[1];
  const GraphTensorId input =
      viewed ? in.ordered_but_last(0, order) : feature_rows(in, in.held(0), order);
  const WeightInfo info{.bias = biased, .batch_norm = false};
  constexpr std::size_t kMostAxes = 3;  // of what Dense takes
  if (shape.size() == 2 || in.made().tensor(input).type.extents.size() <= kMostAxes) {
    in.add(Dense{.weights = info, .activation = in.activation(), .features = columns}, "dense",
           {input}, Layout::plain(in.out_shape()));
  } else {
    // Rows of features, as pixels with channels.
    in.add(Conv2d{.weights = info, .activation = in.activation(), .channels = columns}, "conv2d",
           {input}, Layout::plain(in.out_shape()));
  }
  in.keep_weight_scales(1, 1);
  in.set_numbers(kWeightsInput, [weights, inner] {
    std::vector<float> numbers = weights.floats();
    if (inner.is_plain()) {
      return numbers;
    }
    const auto* const first = reinterpret_cast<const char*>(numbers.data());
    const std::string bytes =
        to_memory(inner.file_order(), std::string(first, numbers.size() * sizeof(float)),
                  static_cast<std::size_t>(weights.shape()[1]) * sizeof(float));
    const auto* const floats = reinterpret_cast<const float*>(bytes.data());
    return std::vector<float>(floats, floats + numbers.size());
  });
  if (biased) {
    in.set_numbers(kBiasesInput, [biases = in.constant(2, "biases")] { return biases.floats(); });
  }
}

// --- products of two tensors ---

/// [1, k] or [k, 1] of a vector.
Held as_matrix(const Held& from, bool is_right) {
  const OnnxShape shape = from.layout.shape();
  if (shape.size() != 1) {
    return from;
  }
  const OnnxShape wide = is_right ? OnnxShape{shape[0], 1} : OnnxShape{1, shape[0]};
  return {.tensor = from.tensor, .layout = *from.layout.reshaped(wide)};
}

/// Repeats matrices so that there are as many as `outer` says.
Held repeated(Lowering& in, const Held& from, const OnnxShape& outer) {
  OnnxShape own = from.layout.shape();
  OnnxShape wanted = outer;
  wanted.insert(wanted.end(), own.end() - 2, own.end());
  own.insert(own.begin(), wanted.size() - own.size(), 1);
  Picks picks = every(wanted);
  for (std::size_t axis = 0; axis < outer.size(); ++axis) {
    if (own[axis] != wanted[axis]) {
      picks[axis] = counting(wanted[axis], 0, 0);
    }
  }
  const Held wide{.tensor = from.tensor, .layout = *from.layout.reshaped(own)};
  return own == wanted ? wide : in.moved(wide, picks, plain_order(wanted.size()));
}

/// As [images, matrices of each, rows, columns].
GraphTensorId matrices(Lowering& in, const Held& from, std::int64_t count) {
  const OnnxShape shape = from.layout.shape();
  const std::int64_t rows = shape[shape.size() - 2];
  GraphTensorId tensor = from.tensor;
  if (shape.size() > kMaxRank || !from.layout.is_plain()) {
    if (!in.may_move()) {
      Lowering::refuse_order(from.layout);
    }
    tensor = in.moved(from, every(shape), plain_order(shape.size())).tensor;
  }
  const Extents& extents = in.made().tensor(tensor).type.extents;
  const std::int64_t images =
      extents.size() > 1 && extents.front() != 1 && count % extents.front() == 0 ? extents.front()
                                                                                 : 1;
  return in.viewed(tensor, {images, count / images, rows, shape.back()});
}

/// Of matrices [..., m, k] and [..., k, n] with as many in front: [..., m, n].
GraphTensorId product_of(Lowering& in, const Held& left, const Held& right) {
  const OnnxShape shape = left.layout.shape();
  const std::int64_t count = elements_of(OnnxShape(shape.begin(), shape.end() - 2));
  const GraphTensorId a = matrices(in, left, count);
  const GraphTensorId b = matrices(in, right, count);
  return in.add_before(Matmul{}, "matmul", {a, b});
}

/// What the node gives out is a tensor that is made already; another name costs a copy at an output
/// of the network that is an input, too, and nothing elsewhere.
void give(Lowering& in, GraphTensorId tensor, const Layout& layout) {
  in.hold({.tensor = tensor, .layout = layout});
}

/// Vectors, and matrices that repeat.
void lower_any_matmul(Lowering& in) {
  const Held left = as_matrix(in.held(0), false);
  const Held right = as_matrix(in.held(1), true);
  const OnnxShape a = left.layout.shape();
  const OnnxShape b = right.layout.shape();
  const OnnxShape outer =
      *broadcast_shape(OnnxShape(a.begin(), a.end() - 2), OnnxShape(b.begin(), b.end() - 2));
  const GraphTensorId made = product_of(in, repeated(in, left, outer), repeated(in, right, outer));
  give(in, made, Layout::plain(in.out_shape()));
}

/// Matrices of several heads as products take them: [images, heads, rows, columns], or side by
/// side, [images, rows, heads * columns].
struct Heads {
  GraphTensorId tensor = 0;
  std::int64_t count = 1;
  bool side_by_side = false;
  bool transposed = false;  ///< columns x rows
};

/// How many images a value of [..., rows, columns] is of: those of its first axis, or one.
std::int64_t images_of(const Lowering& in, const Held& from) {
  const Extents& extents = in.made().tensor(from.tensor).type.extents;
  const bool has_images = from.layout.rank() > 2 && extents.size() > 1 &&
                          extents.front() == from.layout.shape().front();
  return has_images ? extents.front() : 1;
}

/// As memory has them; empty where it has them in another order than products take. `turned`: the
/// last axis before the one in front of it.
std::optional<Heads> heads_as_they_lie(Lowering& in, const Held& from, std::int64_t images,
                                       bool turned) {
  const OnnxShape shape = from.layout.shape();
  const std::size_t rank = shape.size();
  const std::size_t row = rank - (turned ? 1 : 2);
  const std::size_t col = rank - (turned ? 2 : 1);
  Axes plain = plain_order(rank);
  std::swap(plain[rank - 2], plain[row]);
  Axes side = plain;
  std::rotate(side.begin() + (images > 1 ? 1 : 0), side.end() - 2, side.end() - 1);
  Heads heads{.count = elements_of(OnnxShape(shape.begin(), shape.end() - 2)) / images,
              .transposed = turned};
  const bool is_plain = from.layout.is_ordered(plain);
  heads.side_by_side = from.layout.is_ordered(side) && (heads.count == 1 || !is_plain);
  if (heads.side_by_side) {
    heads.tensor = in.exactly(from.tensor, {images, shape[row], heads.count * shape[col]});
    return heads;
  }
  if (is_plain) {
    heads.tensor = in.exactly(from.tensor, {images, heads.count, shape[row], shape[col]});
    return heads;
  }
  return std::nullopt;
}

/// Of a value of [..., rows, columns], copied where memory has it in another order.
Heads heads_of(Lowering& in, const Held& from, bool may_turn) {
  const std::int64_t images = images_of(in, from);
  for (const bool turned : {false, true}) {
    if (turned && !may_turn) {
      continue;
    }
    if (auto heads = heads_as_they_lie(in, from, images, turned)) {
      return *heads;
    }
  }
  if (!in.may_move()) {
    Lowering::refuse_order(from.layout);
  }
  const OnnxShape shape = from.layout.shape();
  const Held moved = in.moved(from, every(shape), plain_order(shape.size()));
  if (auto heads = heads_as_they_lie(in, moved, images, false)) {
    return *heads;
  }
  Lowering::refuse_order(from.layout);
}

/// The product of two values of [..., rows, columns], its rows before its heads in memory if it is
/// `merged` or that comes by itself.
void add_head_product(Lowering& in, const Held& from, const Held& by, Matmul op) {
  const Heads left = heads_of(in, from, false);
  const Heads right = heads_of(in, by, true);
  const OnnxShape rows = from.layout.shape();
  const std::size_t rank = rows.size();
  op.transpose_b = right.transposed;
  if (left.count > 1) {
    op.heads = left.count;
    op.kv_heads = right.count == left.count ? 0 : right.count;
  }
  const bool merged = op.merge_heads || (!left.side_by_side && right.side_by_side);
  op.merge_heads = merged && left.count > 1;
  Axes order = plain_order(rank);
  if (op.merge_heads) {
    std::rotate(order.begin() + (images_of(in, from) > 1 ? 1 : 0), order.end() - 2,
                order.end() - 1);
  }
  OnnxShape shape = rows;
  shape.back() = by.layout.shape().back();
  const Layout layout = Layout::ordered(shape, order);
  if (layout.shape() == in.out_shape()) {
    in.add(op, "matmul", {left.tensor, right.tensor}, layout);
    return;
  }
  // Heads side by side: [batch, rows, heads * columns] of [batch, heads, rows, columns].
  const auto joined = layout.transposed({0, 2, 1, 3}).reshaped(in.out_shape());
  if (!joined) {
    Lowering::refuse_order(layout);
  }
  in.add(op, "matmul", {left.tensor, right.tensor}, *joined);
}

/// Whether the only reader brings the rows before the heads.
bool is_turned_back(const Lowering& in) {
  const ImportValueId made = in.node().outputs.front();
  bool turned = false;
  for (const ImportNode& node : in.graph().nodes) {
    if (std::find(node.inputs.begin(), node.inputs.end(), made) != node.inputs.end()) {
      turned =
          node.is("Transpose") && node.integers("perm") == std::vector<std::int64_t>{0, 2, 1, 3};
    }
  }
  return turned;
}

/// The numbers of a constant with its axes in this order.
ParameterNumbers permuted_numbers(const OnnxConstant& constant, const Axes& order) {
  return [constant, order] {
    return to_memory(FileOrder{.shape = {}, .sizes = constant.shape(), .order = order},
                     constant.floats());
  };
}

/// A matrix or vector of the file times a tensor, or the other way around: a dense layer along the
/// axis that is summed.
void lower_constant_matmul(Lowering& in) {
  const std::size_t data = in.is_held(0) ? 0 : 1;
  const OnnxConstant weights = in.constant(1 - data, "weights");
  const std::size_t rank = in.shape(data).size();
  const std::size_t axes = weights.shape().size();
  if (axes < 1 || axes > 2 || rank < 1) {
    refuse("expected at most a matrix as constant operand, got {} {}", text_of(weights.shape()),
           in_quotes(in.graph().value(in.node().input(1 - data)).name));
  }
  if (rank == 1 && in.made().batch != 1) {  // its axis is no axis of images
    Lowering::refuse_order(in.held(data).layout);
  }
  const std::size_t axis = data == 0 || rank == 1 ? rank - 1 : rank - 2;
  const std::int64_t columns = axes == 1 ? 1 : weights.shape()[data == 0 ? 1 : 0];
  Axes order = plain_order(axes);
  if (data == 1 && axes == 2) {
    std::swap(order[0], order[1]);
  }
  Held made = linear(in, in.held(data), axis, columns, permuted_numbers(weights, order));
  const auto layout = made.layout.reshaped(in.out_shape());
  if (!layout) {
    Lowering::refuse_order(made.layout);
  }
  made.layout = *layout;
  in.hold(made);
}

/// Of two tensors that depend on inputs; make_dense took those with weights.
void lower_matmul(Lowering& in) {
  if (!in.is_held(0) || !in.is_held(1)) {
    lower_constant_matmul(in);
    return;
  }
  const OnnxShape& left = in.shape(0);
  const OnnxShape& right = in.shape(1);
  const std::size_t rank = left.size();
  const auto scale = static_cast<double>(in.node().number("scale", 1.0F));
  if (rank > 2 && right.size() == rank &&
      std::equal(left.begin(), left.end() - 2, right.begin(), right.end() - 2)) {
    add_head_product(in, in.held(0), in.held(1),
                     {.merge_heads = rank == 4 && is_turned_back(in), .scale = scale});
    return;
  }
  const bool fits =
      rank >= 2 && rank <= 4 && (right.size() == rank || right.size() == 2) &&
      std::equal(left.begin(), left.end() - 1, in.out_shape().begin(), in.out_shape().end() - 1);
  if (!fits || (in.may_move() && rank != 2)) {
    lower_any_matmul(in);
    return;
  }
  Axes swapped = plain_order(right.size());
  std::swap(swapped[right.size() - 1], swapped[right.size() - 2]);
  const bool transposed = !in.held(1).layout.is_plain() && in.held(1).layout.is_ordered(swapped);
  const GraphTensorId a = in.ordered(0, plain_order(rank));
  const GraphTensorId b = in.ordered(1, transposed ? swapped : plain_order(right.size()));
  in.add(Matmul{.transpose_b = transposed, .scale = scale}, "matmul", {a, b},
         Layout::plain(in.out_shape()));
}

/// Of [batch, rows, heads * columns], or [batch, heads, rows, columns]: the latter.
Held by_heads(Lowering& in, const Held& from, std::int64_t heads) {
  const OnnxShape shape = from.layout.shape();
  if (shape.size() != 3) {
    return from;
  }
  Held split = reshaped(in, from, {shape[0], shape[1], heads, shape[2] / heads});
  split.layout = split.layout.transposed({0, 2, 1, 3});
  return split;
}

/// systole.Append: new tokens in a state, from token `at` on.
void lower_append(Lowering& in) {
  const std::vector<std::size_t>& order = in.graph().value(in.node().input(0)).cache->order;
  Held rows = in.held(1);
  rows.layout = rows.layout.transposed(order);
  in.add(AppendRows{.at = in.node().integer("at", 0)}, "append",
         {heads_of(in, rows, false).tensor, in.held(0).tensor},
         Layout::ordered(in.out_shape(), order));
}

/// systole.MatMul: what attention is spelled out in.
void lower_head_matmul(Lowering& in) {
  const ImportNode& node = in.node();
  const std::int64_t heads = node.integer("heads", 1);
  const Held left = by_heads(in, in.held(0), heads);
  Held right = by_heads(in, in.held(1), node.integer("kv_heads", heads));
  if (node.integer("transpose_b", 0) != 0) {
    right.layout = right.layout.transposed({0, 1, 3, 2});
  }
  add_head_product(in, left, right,
                   {.merge_heads = node.integer("merge_heads", 0) != 0,
                    .scale = static_cast<double>(node.number("scale", 1.0F))});
}

// --- products with constants ---

/// alpha A B + beta C with whatever make_dense leaves.
void lower_gemm(Lowering& in) {
  const ImportNode& node = in.node();
  const OnnxShape to = in.out_shape();
  const auto turned = [&](std::size_t input, std::string_view key) {
    Held from = in.held(input);
    if (node.integer(key, 0) != 0) {
      from.layout = from.layout.transposed({1, 0});
    }
    return from;
  };
  const Held left = turned(0, "transA");
  GraphTensorId product = 0;
  if (in.is_held(1)) {
    product = product_of(in, left, turned(1, "transB"));
  } else {
    const OnnxConstant weights = in.constant(1, "weights");
    std::vector<float> numbers = weights.floats();
    if (node.integer("transB", 0) != 0) {
      numbers =
          to_memory(FileOrder{.shape = {}, .sizes = weights.shape(), .order = {1, 0}}, numbers);
    }
    product = dense_of(in, left, to.back(), [numbers] { return numbers; });
  }
  FormulaInputs inputs(in, to, plain_order(to.size()));
  std::string text =
      fmt::format("{}*{}", inputs.held({.tensor = product, .layout = Layout::plain(to)}),
                  number_text(static_cast<double>(node.number("alpha", 1.0F))));
  if (node.input(2) != kNoValue) {
    text += fmt::format("+{}*{}", inputs.input(2),
                        number_text(static_cast<double>(node.number("beta", 1.0F))));
  }
  inputs.add_elements(text);
}

/// Sums of the elements before each, or behind it: a product with a triangle of ones.
void lower_cumulated(Lowering& in) {
  const ImportNode& node = in.node();
  const OnnxShape& shape = in.shape(0);
  const std::size_t axis = axis_of(in.constant(1, "an axis").integers().at(0), shape.size());
  const bool backwards = node.integer("reverse", 0) != 0;
  const bool leaves_out = node.integer("exclusive", 0) != 0;
  const std::int64_t size = shape[axis];
  const Held made = linear(in, in.held(0), axis, size, [=] {
    std::vector<float> numbers;
    for (std::int64_t from = 0; from < size; ++from) {
      for (std::int64_t to = 0; to < size; ++to) {
        const std::int64_t before = backwards ? from - to : to - from;
        numbers.push_back(before > 0 || (before == 0 && !leaves_out) ? 1.0F : 0.0F);
      }
    }
    return numbers;
  });
  in.hold(made);
}

/// x / (bias + alpha / size * (sum of squares of neighbouring channels))^beta
void lower_local_norm(Lowering& in) {
  const ImportNode& node = in.node();
  const OnnxShape& shape = in.shape(0);
  const std::int64_t size = node.integer("size", 1);
  const std::int64_t channels = shape.size() > 1 ? shape[1] : 1;
  const Axes order = channels_last(shape.size());
  FormulaInputs squares(in, shape, order);
  const std::string x = squares.input(0);
  const Held squared{.tensor = squares.add_before(fmt::format("{0}*{0}", x)),
                     .layout = Layout::ordered(shape, order)};
  const Held sums = linear(in, squared, 1, channels, [=] {
    std::vector<float> numbers;
    for (std::int64_t from = 0; from < channels; ++from) {
      for (std::int64_t to = 0; to < channels; ++to) {
        const std::int64_t apart = from - to;
        numbers.push_back(apart >= -((size - 1) / 2) && apart <= size / 2 ? 1.0F : 0.0F);
      }
    }
    return numbers;
  });
  FormulaInputs inputs(in, shape, order);
  const std::string own = inputs.input(0);
  inputs.add_elements(fmt::format(
      "{}*exp({}*log({}+{}*{}))", own,
      number_text(-static_cast<double>(node.number("beta", 0.75F))),
      number_text(static_cast<double>(node.number("bias", 1.0F))),
      number_text(static_cast<double>(node.number("alpha", 1e-4F)) / static_cast<double>(size)),
      inputs.held(sums)));
}

/// Places of an axis of the image that a transposed convolution spreads with zeros; its kernel
/// slides over them.
std::vector<std::int64_t> spread(const TransposedWindow& window, std::size_t axis,
                                 std::int64_t size) {
  const std::int64_t reach = (window.kernel[axis] - 1) * window.dilations[axis];
  std::vector<std::int64_t> places;
  for (std::int64_t at = 0; at < window.out[axis] + reach; ++at) {
    const std::int64_t place = at - reach + window.pads_before[axis];
    const std::int64_t index = place / window.strides[axis];
    const bool is_pixel = place >= 0 && place % window.strides[axis] == 0 && index < size;
    places.push_back(is_pixel ? index : MapAxis::kFilled);
  }
  return places;
}

/// Weights of [in, out of the group, kernel...] as those of a convolution, the kernel turned round.
std::vector<float> turned_weights(const OnnxConstant& weights, std::int64_t groups) {
  const OnnxShape& shape = weights.shape();
  const std::int64_t positions = elements_of(OnnxShape(shape.begin() + 2, shape.end()));
  const std::int64_t ins = shape[0] / groups;
  const std::vector<float> values = weights.floats();
  std::vector<float> numbers;
  for (std::int64_t group = 0; group < groups; ++group) {
    for (std::int64_t position = positions - 1; position >= 0; --position) {
      for (std::int64_t from = 0; from < ins; ++from) {
        for (std::int64_t to = 0; to < shape[1]; ++to) {
          numbers.push_back(values[static_cast<std::size_t>(
              ((group * ins + from) * shape[1] + to) * positions + position)]);
        }
      }
    }
  }
  return numbers;
}

/// An image spread with zeros, then a convolution with the kernel turned round.
void lower_conv_transpose(Lowering& in) {
  const ImportNode& node = in.node();
  const OnnxShape& image = in.shape(0);
  const OnnxConstant weights = in.constant(1, "weights");
  const TransposedWindow window = transposed_window_of(node, image, weights.shape());
  if (window.kernel.size() > 2) {
    refuse("expected an image of rows and columns, got one of {} axes", window.kernel.size());
  }
  const std::int64_t groups = node.integer("group", 1);
  const std::int64_t channels = weights.shape()[1] * groups;
  const bool biased = node.input(2) != kNoValue;
  Picks picks(image.size());
  for (const std::size_t axis : {std::size_t{0}, std::size_t{1}}) {
    picks[axis] = counting(image[axis]);
  }
  for (std::size_t axis = 0; axis < window.kernel.size(); ++axis) {
    if (image[axis + 2] > kMaxSize) {
      refuse("expected an image of at most {} rows and columns, got {}", kMaxSize, text_of(image));
    }
    picks[axis + 2] = spread(window, axis, image[axis + 2]);
  }
  const Axes order = channels_last(image.size());
  const Held wide = in.moved(in.held(0), picks, order);
  const GraphTensorId input = in.viewed(wide.tensor, in_order(wide.layout.shape(), order));
  const bool flat = window.kernel.size() == 1;
  in.add(Conv2d{.kernel = {.rows = window.kernel[0],
                           .cols = flat ? 1 : window.kernel[1],
                           .dilation_rows = window.dilations[0],
                           .dilation_cols = flat ? 1 : window.dilations[1]},
                .groups = groups,
                .weights = {.bias = biased, .batch_norm = false},
                .activation = in.activation(),
                .channels = channels},
         "conv2d", {input}, Layout::ordered(in.out_shape(), order));
  in.set_numbers(kWeightsInput, [weights, groups] { return turned_weights(weights, groups); });
  if (biased) {
    in.set_numbers(kBiasesInput, [biases = in.constant(2, "biases")] { return biases.floats(); });
  }
}

// --- sums of products by letters ---

/// Which axes of an operand have these letters.
Axes axes_of(const std::string& operand, const std::string& letters) {
  Axes axes;
  for (const char letter : letters) {
    axes.push_back(operand.find(letter));
  }
  return axes;
}

bool repeats(const std::string& letters) {
  std::set<char> seen;
  return !std::all_of(letters.begin(), letters.end(),
                      [&](char letter) { return seen.insert(letter).second; });
}

/// The axes of some letters one behind the other, each group as one axis.
Held grouped(Lowering& in, const Held& from, const std::string& operand,
             const std::vector<std::string>& groups) {
  const OnnxShape own = from.layout.shape();
  Axes order;
  OnnxShape shape;
  for (const std::string& group : groups) {
    std::int64_t size = 1;
    for (const std::size_t axis : axes_of(operand, group)) {
      order.push_back(axis);
      size *= own[axis];
    }
    shape.push_back(size);
  }
  const Layout turned = from.layout.transposed(order);
  if (const auto layout = turned.reshaped(shape)) {
    return {.tensor = from.tensor, .layout = *layout};
  }
  if (!in.may_move()) {
    Lowering::refuse_order(from.layout);
  }
  const Held moved = in.moved(from, every(own), order);
  return {.tensor = moved.tensor, .layout = Layout::plain(shape)};
}

/// Letters of an equation: those of both operands and the result, those that are summed, and those
/// of one operand alone.
struct Letters {
  std::string both;
  std::string summed;
  std::vector<std::string> alone;
};

Letters letters_of(const std::vector<std::string>& operands, const std::string& output) {
  const auto has = [](const std::string& text, char letter) {
    return text.find(letter) != std::string::npos;
  };
  const bool are_two = operands.size() == 2;
  Letters made{.both = {}, .summed = {}, .alone = std::vector<std::string>(2)};
  for (std::size_t i = 0; i < operands.size(); ++i) {
    for (const char letter : operands[i]) {
      const bool shared = are_two && has(operands[1 - i], letter);
      if (shared && i == 0) {
        (has(output, letter) ? made.both : made.summed) += letter;
      } else if (!shared && has(output, letter)) {
        made.alone[i] += letter;
      } else if (!shared && are_two) {
        refuse("expected letters of both tensors or of the result, got '{}'", letter);
      } else if (!shared) {
        made.summed += letter;
      }
    }
  }
  return made;
}

void lower_einsum(Lowering& in) {
  const ImportNode& node = in.node();
  const auto equation = equation_of(node.text("equation", ""), node.inputs.size());
  const auto& operands = equation->inputs;
  if (operands.size() > 2 || repeats(equation->output) ||
      std::any_of(operands.begin(), operands.end(), repeats)) {
    refuse("expected an equation of one or two tensors, each letter once in each, got {}",
           in_quotes(node.text("equation", "")));
  }
  const auto [both, summed, alone] = letters_of(operands, equation->output);
  std::string made;
  GraphTensorId tensor = 0;
  if (operands.size() == 2 && (!in.is_held(0) || !in.is_held(1))) {
    const std::size_t data = in.is_held(0) ? 0 : 1;
    const OnnxConstant weights = in.constant(1 - data, "weights");
    if (!both.empty()) {
      refuse(
          "expected letters of a constant that are summed or its own, got '{}' of both and of "
          "the result",
          both);
    }
    const std::string& own = alone[1 - data];
    const Held rows = grouped(in, in.held(data), operands[data], {alone[data], summed});
    std::int64_t columns = 1;
    for (const std::size_t axis : axes_of(operands[1 - data], own)) {
      columns *= weights.shape()[axis];
    }
    tensor = linear(in, rows, 1, columns,
                    permuted_numbers(weights, axes_of(operands[1 - data], summed + own)))
                 .tensor;
    made = alone[data] + own;
  } else if (operands.size() == 2) {
    const Held left = grouped(in, in.held(0), operands[0], {both, alone[0], summed});
    const Held right = grouped(in, in.held(1), operands[1], {both, summed, alone[1]});
    tensor = product_of(in, left, right);
    made = both + alone[0] + alone[1];
  } else {
    const Held rows = grouped(in, in.held(0), operands[0], {alone[0], summed});
    tensor = rows.tensor;
    if (!summed.empty()) {
      FormulaInputs inputs(in, rows.layout.shape(), plain_order(2));
      const std::string x = inputs.held(rows);
      tensor = inputs.add_before(fmt::format("sum({})", x));
    }
    made = alone[0];
  }
  const OnnxShape out = in.out_shape();
  OnnxShape shape;
  for (const std::size_t axis : axes_of(equation->output, made)) {
    shape.push_back(out[axis]);
  }
  give(in, tensor, Layout::plain(shape).transposed(axes_of(made, equation->output)));
}

constexpr auto kProductsRules = std::to_array<LowerRule>({
    {"Conv", lower_conv},
    {"ConvTranspose", lower_conv_transpose},
    {"CumSum", lower_cumulated},
    {"Einsum", lower_einsum},
    {"Gemm", lower_gemm},
    {"LRN", lower_local_norm},
    {"MatMul", lower_matmul},
    {"systole.Append", lower_append},
    {"systole.Dense", lower_dense},
    {"systole.MatMul", lower_head_matmul},
});

}  // namespace

std::span<const LowerRule> product_rules() {
  return kProductsRules;
}

}  // namespace systole
