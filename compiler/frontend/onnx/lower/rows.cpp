#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "compiler/frontend/onnx/lower/families.h"
#include "compiler/frontend/onnx/lower/formula_inputs.h"
#include "compiler/frontend/onnx/lower/lowering.h"
#include "compiler/frontend/onnx/operator_names.h"

namespace systole {

namespace {

// --- rows of several axes ---

/// A tensor whose last axis is some axes of an input, one behind the other, and the others before
/// it in the order of memory.
struct Rows {
  GraphTensorId tensor = 0;
  OnnxShape shape;  ///< with the row as last axis
  Axes order;       ///< of the input's axes, those of the row last
};

/// `axes` are those of the rows, in the order of the file.
Rows rows_of(Lowering& in, const Held& from, const Axes& axes) {
  const OnnxShape whole = from.layout.shape();
  const auto is_row = [&](std::size_t axis) {
    return std::find(axes.begin(), axes.end(), axis) != axes.end();
  };
  Rows rows;
  Axes memory = in.order_of_memory(from).value_or(plain_order(whole.size()));
  for (const bool in_row : {false, true}) {
    for (const std::size_t axis : in_row ? axes : memory) {
      if (is_row(axis) == in_row) {
        rows.order.push_back(axis);
      }
    }
  }
  const std::size_t others = whole.size() - axes.size();
  std::int64_t size = 1;
  for (std::size_t i = 0; i < rows.order.size(); ++i) {
    if (i < others) {
      rows.shape.push_back(whole[rows.order[i]]);
    } else {
      size *= whole[rows.order[i]];
    }
  }
  rows.shape.push_back(size);
  rows.tensor = in.viewed(in.ordered(from, rows.order, FirstAxis::Any),
                          in_order(rows.shape, plain_order(rows.shape.size())), FirstAxis::Any);
  return rows;
}

Axes axes_from(std::size_t first, std::size_t rank) {
  Axes axes;
  for (std::size_t axis = first; axis < rank; ++axis) {
    axes.push_back(axis);
  }
  return axes;
}

/// n, n - 1, ..., 1: the larger, the earlier.
std::string counted_down(FormulaInputs& inputs, std::int64_t count) {
  return inputs.parameter(
      [count] {
        std::vector<float> numbers;
        for (std::int64_t i = count; i > 0; --i) {
          numbers.push_back(static_cast<float>(i));
        }
        return numbers;
      },
      1);
}

/// Of matrices one behind the other: [images, matrices, rows, columns].
GraphTensorId by_matrix(Lowering& in, const Held& from) {
  const OnnxShape shape = from.layout.shape();
  const GraphTensorId tensor = in.ordered(from, plain_order(shape.size()), FirstAxis::Any);
  const Extents extents = in.made().tensor(tensor).type.extents;
  const std::int64_t images = extents.size() > 1 ? extents.front() : 1;
  const std::int64_t rows = shape[shape.size() - 2];
  const std::int64_t matrices = elements_of(shape) / images / rows / shape.back();
  return matrices == 1 ? in.exactly(tensor, {images, rows, shape.back()})
                       : in.exactly(tensor, {images, matrices, rows, shape.back()});
}

/// systole.Softmax: along the last axis, with what passes put into it.
void lower_scores(Lowering& in) {
  const ImportNode& node = in.node();
  const Held from = in.held(0);
  const std::size_t rank = from.layout.rank();
  const bool causal = node.integer("causal", 0) != 0;
  const SoftmaxChannels op{.scale = static_cast<double>(node.number("scale", 1.0F)),
                           .causal = causal};
  if (causal) {
    in.add(op, "softmax", {by_matrix(in, from)}, Layout::plain(in.out_shape()));
    return;
  }
  const auto order = order_ending_in(from.layout, rank - 1).value_or(plain_order(rank));
  in.add(op, "softmax", {in.ordered(0, order, FirstAxis::Any)},
         Layout::ordered(in.out_shape(), order));
}

/// systole.Rotary: features of [batch, tokens, heads * features] turn with the token.
void lower_rotary(Lowering& in) {
  const ImportNode& node = in.node();
  in.add(RotateRows{.heads = node.integer("heads", 1),
                    .rotated = node.integer("rotated", 0),
                    .base = static_cast<double>(node.number("base", 10000.0F)),
                    .first = node.integer("first", 0)},
         "rotary", {by_matrix(in, in.held(0))}, Layout::plain(in.out_shape()));
}

/// Softmax, its logarithm or a one at the largest element, along one axis or, in old files, along
/// all from there on.
void lower_softmax(Lowering& in) {
  const OnnxShape& shape = in.shape(0);
  if (shape.empty()) {
    refuse("expected a tensor with an axis, got a number");
  }
  const bool flattens = in.graph().opset < 13 && in.node().domain.empty();
  const std::size_t axis = axis_of(in.node().integer("axis", flattens ? 1 : -1), shape.size());
  const Held from = in.held(0);
  const auto order = order_ending_in(from.layout, axis);
  const std::string& op = in.node().op;
  const bool alone = elements_of(OnnxShape(shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1,
                                           shape.end())) == 1;
  if (op == "Softmax" && order && (alone || !flattens)) {
    in.add(SoftmaxChannels{}, "softmax", {in.ordered(0, *order, FirstAxis::Any)},
           Layout::ordered(in.out_shape(), *order));
    return;
  }
  const Rows rows = rows_of(in, from, flattens ? axes_from(axis, shape.size()) : Axes{axis});
  const Layout layout = Layout::ordered(in.out_shape(), rows.order);
  if (op == "Softmax") {
    in.add(SoftmaxChannels{}, "softmax", {rows.tensor}, layout);
    return;
  }
  FormulaInputs inputs(in, rows.shape, plain_order(rows.shape.size()));
  const std::string x = inputs.tensor(rows.tensor);
  if (op == "LogSoftmax") {
    // Nothing is too large, and no logarithm is of 0.
    inputs.add(fmt::format("({0}-largest({0}))-log(sum(exp({0}-largest({0}))))", x), layout);
    return;
  }
  const std::string places = counted_down(inputs, rows.shape.back());
  const std::string first = fmt::format("(1-positive(largest({0})-{0}))*{1}", x, places);
  inputs.add(fmt::format("1-positive(largest({0})-{0})", "(" + first + ")"), layout);
}

// --- reductions ---

struct ReduceRule {
  std::string_view op;
  std::string_view kind;
  ReduceRows rows;
  bool squares = false;  ///< of the squares of the elements
  ActivationKind behind = ActivationKind::None;
};

constexpr auto kReduceRules = std::to_array<ReduceRule>({
    {.op = "ReduceL2",
     .kind = "reduce_sum",
     .rows = {},
     .squares = true,
     .behind = ActivationKind::Sqrt},
    {.op = "ReduceLogSum", .kind = "reduce_sum", .rows = {}, .behind = ActivationKind::Log},
    {.op = "ReduceMax", .kind = "reduce_max", .rows = {.kind = ReduceKind::Largest}},
    {.op = "ReduceMean", .kind = "reduce_mean", .rows = {.mean = true}},
    {.op = "ReduceSum", .kind = "reduce_sum", .rows = {}},
    {.op = "ReduceSumSquare", .kind = "reduce_sum", .rows = {}, .squares = true},
});

/// The rows of `input` become one number each.
void reduce_rows(Lowering& in, const ReduceRule& rule, GraphTensorId input, const Layout& layout) {
  if (rule.squares) {
    input = in.add_before(CombineTensors{.kind = PairKind::Multiply}, "mul", {input, input});
  }
  if (rule.behind == ActivationKind::None) {
    in.add(rule.rows, rule.kind, {input}, layout);
    return;
  }
  const GraphTensorId sum = in.add_before(rule.rows, rule.kind, {input});
  in.add(Activate{.activation = {.kind = rule.behind, .before = {}}}, name_of(rule.behind), {sum},
         layout);
}

/// The product of the elements of a row.
std::string product_text(const std::string& x, std::int64_t count) {
  constexpr std::int64_t kMost = 256;
  if (count > kMost) {
    refuse("expected a product of at most {} elements, got {}", kMost, count);
  }
  std::string text = x + "[0]";
  for (std::int64_t i = 1; i < count; ++i) {
    text += fmt::format("*{}[{}]", x, i);
  }
  return text;
}

std::string reduced_text(const std::string& op, const std::string& x, std::int64_t count) {
  if (op == "ReduceL1") {
    return fmt::format("sum(abs({}))", x);
  }
  if (op == "ReduceL2") {
    return fmt::format("sqrt(sum({0}*{0}))", x);
  }
  if (op == "ReduceLogSum") {
    return fmt::format("log(sum({}))", x);
  }
  if (op == "ReduceLogSumExp") {
    return fmt::format("log(sum(exp({0}-largest({0}))))+largest({0})", x);
  }
  if (op == "ReduceMax") {
    return fmt::format("largest({})", x);
  }
  if (op == "ReduceMean") {
    return fmt::format("sum({})*{}", x, number_text(1 / static_cast<double>(count)));
  }
  if (op == "ReduceMin") {
    return fmt::format("0-largest(0-{})", x);
  }
  if (op == "ReduceProd") {
    return product_text(x, count);
  }
  if (op == "ReduceSumSquare") {
    return fmt::format("sum({0}*{0})", x);
  }
  return fmt::format("sum({})", x);
}

/// Any axes: those of the result first.
void lower_reduce_any(Lowering& in) {
  const ImportNode& node = in.node();
  const Held from = in.held(0);
  OnnxShape kept = from.layout.shape();
  Axes axes;
  const std::vector<std::int64_t> reduced = *node.integers("axes");
  for (const std::int64_t each : reduced) {
    axes.push_back(static_cast<std::size_t>(each));
    kept[axes.back()] = 1;
  }
  if (axes.empty()) {
    in.alias(from.layout);
    return;
  }
  const Rows rows = rows_of(in, from, axes);
  FormulaInputs inputs(in, rows.shape, plain_order(rows.shape.size()));
  const std::string x = inputs.tensor(rows.tensor);
  inputs.add(reduced_text(node.op, x, rows.shape.back()),
             *Layout::ordered(kept, rows.order).reshaped(in.out_shape()));
}

/// The index of the largest or smallest element, the first or the last of equal ones.
void lower_arg(Lowering& in) {
  const ImportNode& node = in.node();
  OnnxShape kept = in.shape(0);
  const std::size_t axis = axis_of(node.integer("axis", 0), kept.size());
  const std::int64_t count = kept[axis];
  constexpr std::int64_t kMost = 257;  // bf16 holds the numbers up to 256
  if (count > kMost) {
    refuse("expected an axis of at most {} elements, whose numbers bf16 holds, got {}", kMost,
           count);
  }
  kept[axis] = 1;
  const Rows rows = rows_of(in, in.held(0), {axis});
  FormulaInputs inputs(in, rows.shape, plain_order(rows.shape.size()));
  const std::string own = inputs.tensor(rows.tensor);
  const std::string x = node.op == "ArgMax" ? own : fmt::format("(0-{})", own);
  const std::string places = counted_down(inputs, count);
  const std::string is_largest = fmt::format("(1-positive(largest({0})-{0}))", x);
  const std::string total = number_text(static_cast<double>(count));
  const std::string text = node.integer("select_last_index", 0) == 0
                               ? fmt::format("{}-largest({}*{})", total, is_largest, places)
                               : fmt::format("largest({}*({}+1-{}))-1", is_largest, total, places);
  inputs.add(text, *Layout::ordered(kept, rows.order).reshaped(in.out_shape()));
}

/// The largest or smallest elements along an axis, in order, and where they were.
void lower_top(Lowering& in) {
  const ImportNode& node = in.node();
  const std::size_t axis = axis_of(node.integer("axis", -1), in.shape(0).size());
  const bool largest = node.integer("largest", 1) != 0;
  const Rows rows = rows_of(in, in.held(0), {axis});
  const auto negative = [&](FormulaInputs& inputs, GraphTensorId tensor) {
    return "0-" + inputs.tensor(tensor);
  };
  GraphTensorId tensor = rows.tensor;
  if (!largest) {
    FormulaInputs inputs(in, rows.shape, plain_order(rows.shape.size()));
    tensor = inputs.add_before(negative(inputs, rows.tensor));
  }
  TopOfRows op;
  op.count = in.out_shape()[axis];
  const Layout layout = Layout::ordered(in.out_shape(), rows.order);
  if (in.is_read(0) && largest) {
    in.add(op, "top_k", {tensor}, layout);
  } else if (in.is_read(0)) {
    OnnxShape shape = rows.shape;
    shape.back() = op.count;
    FormulaInputs inputs(in, shape, plain_order(shape.size()));
    const GraphTensorId found = in.add_before(op, "top_k", {tensor});
    inputs.add(negative(inputs, found), layout);
  }
  if (in.is_read(1)) {
    op.columns = true;
    in.add(op, "top_k_columns", {tensor}, layout, 1);
  }
}

/// Numbers of 8 bits, their scale and their zero point, by the range of all elements.
void lower_dynamic_quantize(Lowering& in) {
  const std::size_t rank = in.shape(0).size();
  const Rows rows = rows_of(in, in.held(0), axes_from(0, rank));
  constexpr std::string_view kScale = "max((largest(max({0},0))+largest(max(0-{0},0)))/255,1e-30)";
  constexpr std::string_view kZero = "round(largest(max(0-{0},0))/{1})";
  const auto add = [&](std::size_t output, const Layout& layout) {
    if (!in.is_read(output)) {
      return;
    }
    FormulaInputs inputs(in, rows.shape, plain_order(rows.shape.size()));
    const std::string x = inputs.tensor(rows.tensor);
    const std::string scale = fmt::format(fmt::runtime(kScale), x);
    const std::string zero = fmt::format(fmt::runtime(kZero), x, scale);
    inputs.add(output == 1   ? scale
               : output == 2 ? zero
                             : fmt::format("min(max(round({}/{})+{},0),255)", x, scale, zero),
               layout, output);
  };
  add(0, Layout::ordered(in.out_shape(), rows.order));
  add(1, Layout::plain({}));
  add(2, Layout::plain({}));
}

/// Without a copy where the result needs none.
void lower_reduce(Lowering& in) {
  const ImportNode& node = in.node();
  const auto* const found =
      std::find_if(kReduceRules.begin(), kReduceRules.end(),
                   [&](const ReduceRule& each) { return each.op == node.op; });
  if (in.may_move() || found == kReduceRules.end()) {
    lower_reduce_any(in);
    return;
  }
  const ReduceRule rule = *found;
  const OnnxShape shape = in.shape(0);
  const Layout from = in.held(0).layout;
  OnnxShape kept = shape;
  Axes reduced;  // without those of one element
  const std::vector<std::int64_t> axes = *node.integers("axes");
  for (const std::int64_t each : axes) {
    const auto axis = static_cast<std::size_t>(each);
    if (shape[axis] > 1) {
      reduced.push_back(axis);
    }
    kept[axis] = 1;
  }
  const auto held_as = [&](const Axes& order) {
    return *Layout::ordered(kept, order).reshaped(in.out_shape());
  };
  if (reduced.size() == 1) {
    if (const auto order = order_ending_in(from, reduced.front())) {
      reduce_rows(in, rule, in.ordered(0, *order), held_as(*order));
      return;
    }
  }
  const auto order = from.axis_order();
  if (reduced.empty() || !order || order->size() > kMaxRank) {
    lower_reduce_any(in);
    return;
  }
  const auto is_reduced = [&](std::size_t axis) {
    return shape[axis] == 1 || std::find(reduced.begin(), reduced.end(), axis) != reduced.end();
  };
  const std::int64_t batch = shape[order->front()];
  const bool all = std::all_of(order->begin() + 1, order->end(), is_reduced);
  if (all && (batch == 1 || kept[order->front()] == batch)) {
    const GraphTensorId input = in.ordered(0, *order);
    reduce_rows(in, rule, in.viewed(input, {batch, elements_of(shape) / batch}), held_as(*order));
    return;
  }
  const bool pools = order->size() > 2 && kept[order->front()] == batch &&
                     kept[order->back()] == shape[order->back()] &&
                     std::all_of(order->begin() + 1, order->end() - 1, is_reduced);
  const bool is_max = node.op == "ReduceMax";
  if (!pools || !(is_max || node.op == "ReduceMean")) {
    lower_reduce_any(in);
    return;
  }
  const GraphTensorId input = in.ordered(0, *order);
  const Extents extents = in_order(shape, *order);
  const std::int64_t cols = extents.size() > 3 ? extents[extents.size() - 2] : 1;
  const std::int64_t rows = elements_of(shape) / (extents.front() * extents.back() * cols);
  in.add(PoolTensor{.kind = is_max ? PoolKind::Max : PoolKind::Average,
                    .kernel = {.rows = rows, .cols = cols},
                    .global = !is_max},
         is_max ? "max_pool" : "global_average_pool", {input}, held_as(*order));
}

/// What a norm of rows gives beside its result: mean and 1 / sqrt(variance + epsilon).
void add_statistics(Lowering& in, const Rows& rows, OnnxShape kept, std::size_t first,
                    double epsilon) {
  for (std::size_t axis = first; axis < kept.size(); ++axis) {
    kept[axis] = 1;
  }
  const Layout layout = Layout::ordered(kept, rows.order);
  const std::string share = number_text(1 / static_cast<double>(rows.shape.back()));
  for (const std::size_t output : {std::size_t{1}, std::size_t{2}}) {
    if (!in.is_read(output)) {
      continue;
    }
    FormulaInputs inputs(in, rows.shape, plain_order(rows.shape.size()));
    const std::string x = inputs.tensor(rows.tensor);
    const std::string mean = fmt::format("sum({})*{}", x, share);
    const std::string apart = fmt::format("({}-{})", x, mean);
    inputs.add(output == 1
                   ? mean
                   : fmt::format("rsqrt(sum({0}*{0})*{1}+{2})", apart, share, number_text(epsilon)),
               layout, output);
  }
}

/// A norm along the last axes, with weights and, of a layer norm, biases.
void lower_norm(Lowering& in) {
  const ImportNode& node = in.node();
  const OnnxShape& shape = in.shape(0);
  const std::size_t first = node.op == "LayerNormalization"
                                ? axis_of(node.integer("axis", -1), shape.size())
                                : shape.size() - 1;
  const bool centred = node.op != "RmsNorm";
  const OnnxConstant weights = in.constant(1, "weights");
  const bool biased = node.input(2) != kNoValue;
  const auto epsilon = static_cast<double>(node.number("epsilon", 1e-5F));
  Rows rows;
  const auto order = order_ending_in(in.held(0).layout, shape.size() - 1);
  if (first + 1 == shape.size() && order) {
    const Extents extents = in_order(shape, *order);
    rows = {.tensor = in.ordered(0, *order, FirstAxis::Any),
            .shape = OnnxShape(extents.begin(), extents.end()),
            .order = *order};
  } else {
    rows = rows_of(in, in.held(0), axes_from(first, shape.size()));
  }
  if (weights.elements() != rows.shape.back()) {
    refuse("expected {} weights, got {}", rows.shape.back(), weights.elements());
  }
  in.add(NormalizeRows{.centred = centred, .epsilon = epsilon, .bias = biased},
         centred ? "layer_norm" : "rms_norm", {rows.tensor},
         Layout::ordered(in.out_shape(), rows.order));
  in.set_numbers(1, [weights] { return weights.floats(); });
  if (biased) {
    in.set_numbers(2, [biases = in.constant(2, "biases")] { return biases.floats(); });
  }
  if (node.op == "LayerNormalization") {
    add_statistics(in, rows, shape, first, epsilon);
  }
}

/// Of each image and channel, or group of neighbouring channels: mean 0 and variance 1 over all
/// pixels, then a weight and a bias by channel (InstanceNormalization) or by group.
void lower_channel_norm(Lowering& in) {
  const ImportNode& node = in.node();
  const OnnxShape& shape = in.shape(0);
  if (shape.size() < 3) {
    refuse("expected an image, got {}", text_of(shape));
  }
  const std::vector<float> weights = in.constant(1, "weights").floats();
  const std::vector<float> biases = in.constant(2, "biases").floats();
  const std::int64_t channels = shape[1];
  const std::int64_t groups =
      node.op == "InstanceNormalization" ? channels : node.integer("num_groups", 1);
  if (groups < 1 || channels % groups != 0) {
    refuse("expected groups that divide {} channels, got {}", channels, groups);
  }
  OnnxShape grouped{shape[0], groups, channels / groups};
  grouped.insert(grouped.end(), shape.begin() + 2, shape.end());
  const auto layout = in.held(0).layout.reshaped(grouped);
  if (!layout) {
    Lowering::refuse_order(in.held(0).layout);
  }
  const Rows rows =
      rows_of(in, {.tensor = in.held(0).tensor, .layout = *layout}, axes_from(2, grouped.size()));
  const std::int64_t pixels = elements_of(shape) / shape[0] / channels;
  const std::int64_t width = rows.shape.back();
  const auto spread = [&](const std::vector<float>& values) {
    const auto per_channel = static_cast<std::int64_t>(values.size()) == channels;
    return [values, per_channel, channels, groups, pixels, width] {
      std::vector<float> numbers;
      for (std::int64_t i = 0; i < groups * width; ++i) {
        numbers.push_back(values[static_cast<std::size_t>(per_channel ? i / pixels : i / width)]);
      }
      return numbers;
    };
  };
  FormulaInputs inputs(in, rows.shape, plain_order(rows.shape.size()));
  const std::string x = inputs.tensor(rows.tensor);
  const std::string share = number_text(1 / static_cast<double>(width));
  const std::string apart = fmt::format("({0}-sum({0})*{1})", x, share);
  const std::string epsilon = number_text(static_cast<double>(node.number("epsilon", 1e-5F)));
  const std::string weight = inputs.parameter(spread(weights), groups);
  const std::string bias = inputs.parameter(spread(biases), groups);
  inputs.add(
      fmt::format("{0}*rsqrt(sum({0}*{0})*{1}+{2})*{3}+{4}", apart, share, epsilon, weight, bias),
      *Layout::ordered(grouped, rows.order).reshaped(in.out_shape()));
}

/// (x - mean) / (deviation + 1e-9) over some axes.
void lower_mean_variance(Lowering& in) {
  const ImportNode& node = in.node();
  Axes axes;
  const auto written = node.integers("axes").value_or(std::vector<std::int64_t>{0, 2, 3});
  for (const std::int64_t axis : written) {
    axes.push_back(axis_of(axis, in.shape(0).size()));
  }
  const Rows rows = rows_of(in, in.held(0), axes);
  FormulaInputs inputs(in, rows.shape, plain_order(rows.shape.size()));
  const std::string x = inputs.tensor(rows.tensor);
  const std::string share = number_text(1 / static_cast<double>(rows.shape.back()));
  const std::string apart = fmt::format("({0}-sum({0})*{1})", x, share);
  inputs.add(fmt::format("{0}/(sqrt(sum({0}*{0})*{1})+1e-9)", apart, share),
             Layout::ordered(in.out_shape(), rows.order));
}

constexpr auto kRowsRules = std::to_array<LowerRule>({
    {"ArgMax", lower_arg, OfIntegers::Stays},
    {"ArgMin", lower_arg, OfIntegers::Stays},
    {"GroupNormalization", lower_channel_norm},
    {"Hardmax", lower_softmax, OfIntegers::Stays},
    {"InstanceNormalization", lower_channel_norm},
    {"LayerNormalization", lower_norm},
    {"LogSoftmax", lower_softmax},
    {"MeanVarianceNormalization", lower_mean_variance},
    {"ReduceL1", lower_reduce},
    {"ReduceL2", lower_reduce},
    {"ReduceLogSum", lower_reduce},
    {"ReduceLogSumExp", lower_reduce},
    {"ReduceMax", lower_reduce, OfIntegers::Stays},
    {"ReduceMean", lower_reduce},
    {"ReduceMin", lower_reduce, OfIntegers::Stays},
    {"ReduceProd", lower_reduce},
    {"ReduceSum", lower_reduce},
    {"ReduceSumSquare", lower_reduce},
    {"Softmax", lower_softmax},
    {"DynamicQuantizeLinear", lower_dynamic_quantize},
    {"TopK", lower_top, OfIntegers::Stays},
    {"systole.LayerNorm", lower_norm},
    {"systole.RmsNorm", lower_norm},
    {"systole.Rotary", lower_rotary},
    {"systole.Softmax", lower_scores},
});

}  // namespace

std::span<const LowerRule> row_rules() {
  return kRowsRules;
}

}  // namespace systole
