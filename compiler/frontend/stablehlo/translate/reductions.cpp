#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "arch/diag/printable.h"
#include "compiler/frontend/stablehlo/translate/translation.h"

namespace systole::stablehlo {

namespace {

/// What a reduction does with two elements, and where that begins.
struct Reducer {
  std::string_view op;
  std::string_view onnx;
  double start;
};

constexpr double kInfinity = std::numeric_limits<double>::infinity();

constexpr auto kReducers = std::to_array<Reducer>({
    {"add", "ReduceSum", 0},
    {"maximum", "ReduceMax", -kInfinity},
    {"minimum", "ReduceMin", kInfinity},
    {"multiply", "ReduceProd", 1},
});

/// The operation of a body that is one of two arguments.
std::string_view applied(const Translation& in) {
  std::string_view name;
  if (const HloAttribute* word = in.attribute({"applies"})) {
    name = word->text;
  } else if (!in.operation().regions.empty()) {
    const HloRegion& body = in.operation().regions.front();
    const bool is_single = body.operations.size() == 2 && body.arguments.size() == 2 &&
                           body.operations.front().operands.size() == 2 &&
                           body.operations.back().short_name() == "return";
    if (!is_single) {
      refuse("expected a reduction by one operation of two numbers, got another");
    }
    name = body.operations.front().name;
  }
  const std::size_t dot = name.find('.');
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

Reducer reducer_of(const Translation& in, OnnxType type) {
  std::string_view name = applied(in);
  const bool is_truth = type == OnnxType::Bool;
  if (is_truth && (name == "and" || name == "multiply")) {
    name = "minimum";
  } else if (is_truth && (name == "or" || name == "add")) {
    name = "maximum";
  }
  const auto* const found = std::find_if(kReducers.begin(), kReducers.end(),
                                         [&](const Reducer& each) { return each.op == name; });
  if (found == kReducers.end()) {
    refuse("expected a reduction by add, maximum, minimum, multiply, and or or, got {}",
           name.empty() ? "none" : printable(name));
  }
  return *found;
}

bool starts_neutral(const Translation& in, const Reducer& reducer, const Held& initial) {
  const auto start = in.scalar(initial);
  if (!start) {
    return false;
  }
  constexpr double kLargest = std::numeric_limits<float>::max();
  const auto from = static_cast<double>(*start);
  const OnnxType type = in.type_of(initial);
  if (std::isinf(reducer.start)) {
    const bool is_lowest = reducer.start < 0;
    constexpr double kLeastLimit = 32767;  // of the narrowest integers that JAX reduces
    const double limit = is_floating(type) ? kLargest : (type == OnnxType::Bool ? 0 : kLeastLimit);
    return type == OnnxType::Bool ? from == (is_lowest ? 0.0 : 1.0)
                                  : (is_lowest ? from <= -limit : from >= limit);
  }
  return from == reducer.start;
}

/// Both by the operation of a reduction.
Held combined(Translation& in, const Reducer& reducer, const Held& a, const Held& b) {
  const std::string_view op = reducer.op == "add"       ? "Add"
                              : reducer.op == "maximum" ? "Max"
                              : reducer.op == "minimum" ? "Min"
                                                        : "Mul";
  return in.elementwise(op, {a, b});
}

OnnxShape without(const OnnxShape& shape, const std::vector<std::size_t>& axes) {
  OnnxShape kept;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (std::find(axes.begin(), axes.end(), axis) == axes.end()) {
      kept.push_back(shape[axis]);
    }
  }
  return kept;
}

/// The axes stay, with one element each, in the tensor, and vanish in its view: whoever spreads the
/// result over the operand again needs no other.
Held reduced(Translation& in, std::string_view op, ImportValueId from,
             const std::vector<std::size_t>& axes) {
  const OnnxShape kept = without(in.shape_of(from), axes);
  if (axes.empty()) {
    return in.plain(from);
  }
  ImportNode node;
  node.op = std::string(op);
  node.set("axes", Integers(axes.begin(), axes.end()));
  node.set("keepdims", std::int64_t{1});
  return {.tensor = in.emit(std::move(node), {from}), .view = kept, .shape = kept};
}

/// The places of the largest or smallest numbers along an axis, and these: how argmax is written.
void translate_places(Translation& in) {
  const Held& x = in.operand(0);
  const auto axes = Translation::axes(in.integers({"dimensions"}), x.shape.size());
  const HloRegion* body =
      in.operation().regions.empty() ? nullptr : &in.operation().regions.front();
  const HloOperation* compare = nullptr;
  if (body != nullptr) {
    const auto found =
        std::find_if(body->operations.begin(), body->operations.end(),
                     [](const HloOperation& each) { return each.short_name() == "compare"; });
    compare = found == body->operations.end() ? nullptr : &*found;
  }
  const HloAttribute* direction =
      compare == nullptr ? nullptr : compare->attribute("comparison_direction");
  const OnnxConstant* places = in.constant(in.operand(1));
  const bool is_first = compare != nullptr && compare->operands.size() == 2 &&
                        body->arguments.size() == 4 &&
                        compare->operands.front().name == body->arguments[0].first &&
                        compare->operands.back().name == body->arguments[2].first;
  if (in.operands() != 4 || axes.size() != 1 || direction == nullptr || places == nullptr ||
      !is_first || direction->text.size() != 2 || direction->text.front() == 'E') {
    refuse(
        "expected a reduction of one tensor, or of numbers and their places along one axis, got "
        "another of {} tensors",
        in.operands() / 2);
  }
  const std::size_t axis = axes.front();
  const OnnxShape& view = in.operand(1).view;
  Integers counted(static_cast<std::size_t>(x.shape[axis]));
  std::iota(counted.begin(), counted.end(), 0);
  if (view[axis] != x.shape[axis] || elements_of(view) != x.shape[axis] ||
      places->integers() != counted) {
    refuse("expected places that count up along the axis, got others");
  }
  const bool is_largest = direction->text.front() == 'G';
  ImportNode node;
  node.op = is_largest ? "ArgMax" : "ArgMin";
  node.set("axis", static_cast<std::int64_t>(axis));
  node.set("keepdims", std::int64_t{0});
  const ImportValueId from = in.whole(0);
  in.give(reduced(in, is_largest ? "ReduceMax" : "ReduceMin", from, axes), 0);
  ImportNode cast;
  cast.op = "Cast";
  cast.set("to", static_cast<std::int64_t>(in.type_of(in.operand(1))));
  in.give(in.emit(std::move(cast), {in.emit(std::move(node), {from})}), 1);
}

void translate_reduce(Translation& in) {
  static_cast<void>(in.result_shape());
  if (in.operands() != 2) {
    translate_places(in);
    return;
  }
  const Held& x = in.operand(0);
  const auto axes = Translation::axes(in.integers({"dimensions"}), x.shape.size());
  const Reducer reducer = reducer_of(in, in.type_of(x));
  const Held& initial = in.operand(1);
  std::string_view op = reducer.onnx;
  Held made = reduced(in, op, in.whole(0), axes);
  if (!starts_neutral(in, reducer, initial)) {
    made =
        combined(in, reducer, made,
                 {.tensor = initial.tensor, .view = ones(made.shape.size()), .shape = made.shape});
  }
  in.give(made);
}

// --- windows ---

struct PoolWindow {
  Integers size, stride, before, after;
};

PoolWindow pool_window(const Translation& in, std::size_t rank) {
  const Integers some(rank, 1);
  PoolWindow window{.size = in.integers({"window_dimensions"}, some),
                    .stride = in.integers({"window_strides"}, some),
                    .before = {},
                    .after = {}};
  for (const std::int64_t by : in.integers({"base_dilations"}, some)) {
    if (by != 1) {
      refuse("expected a window over an image as it is, got one that is dilated by {}", by);
    }
  }
  for (const std::int64_t by : in.integers({"window_dilations"}, some)) {
    if (by != 1) {
      refuse("expected a window without dilation, got {}", by);
    }
  }
  const Integers pads = in.integers({"padding"}, Integers(2 * rank, 0));
  for (std::size_t axis = 0; axis < rank; ++axis) {
    window.before.push_back(pads[2 * axis]);
    window.after.push_back(pads[2 * axis + 1]);
  }
  return window;
}

/// A window as long as the axis, moved by one: sums of all elements before, or behind.
std::optional<Held> cumulated(Translation& in, const PoolWindow& window,
                              const std::vector<std::size_t>& axes) {
  if (axes.size() != 1) {
    return std::nullopt;
  }
  const std::size_t axis = axes.front();
  const std::int64_t size = in.operand(0).shape[axis];
  const bool is_before = window.before[axis] == size - 1 && window.after[axis] == 0;
  const bool is_behind = window.after[axis] == size - 1 && window.before[axis] == 0;
  if (window.size[axis] != size || window.stride[axis] != 1 || (!is_before && !is_behind) ||
      size == 1) {
    return std::nullopt;
  }
  ImportNode node;
  node.op = "CumSum";
  node.set("reverse", std::int64_t{is_before ? 0 : 1});
  return in.plain(in.emit(std::move(node),
                          {in.whole(0), in.constant_integers({static_cast<std::int64_t>(axis)})}));
}

/// The sums of windows of ones, that averages are divided by: counted here.
ImportValueId counted(Translation& in, const PoolWindow& window, double number) {
  const OnnxShape& from = in.operand(0).shape;
  const OnnxShape& to = in.result_shape();
  std::vector<float> sums(static_cast<std::size_t>(elements_of(to)));
  for (std::size_t i = 0; i < sums.size(); ++i) {
    auto rest = static_cast<std::int64_t>(i);
    double sum = number;
    for (std::size_t axis = to.size(); axis-- > 0;) {
      const std::int64_t first = rest % to[axis] * window.stride[axis] - window.before[axis];
      rest /= to[axis];
      const std::int64_t begin = std::max<std::int64_t>(first, 0);
      const std::int64_t end = std::min(first + window.size[axis], from[axis]);
      sum *= static_cast<double>(std::max<std::int64_t>(end - begin, 0));
    }
    sums[i] = static_cast<float>(sum);
  }
  return in.graph().add_constant(in.label(), OnnxConstant::of_floats(to, sums));
}

/// Axes along which windows lie.
std::vector<std::size_t> window_axes(const PoolWindow& window) {
  std::vector<std::size_t> axes;
  for (std::size_t axis = 0; axis < window.size.size(); ++axis) {
    if (window.size[axis] != 1 || window.stride[axis] != 1 || window.before[axis] != 0 ||
        window.after[axis] != 0) {
      axes.push_back(axis);
    }
  }
  return axes;
}

/// A pool of ONNX: images, channels, then the axes of windows; the first of the other axes are
/// images, the last channels.
ImportValueId pooled(Translation& in, ImportNode node, const std::vector<std::size_t>& axes) {
  const OnnxShape shape = in.operand(0).shape;
  std::vector<std::size_t> order;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (std::find(axes.begin(), axes.end(), axis) == axes.end()) {
      order.push_back(axis);
    }
  }
  const std::size_t missing = 2 - order.size();
  order.insert(order.end(), axes.begin(), axes.end());
  OnnxShape image(missing, 1);
  for (const std::size_t axis : order) {
    image.push_back(shape[axis]);
  }
  const ImportValueId from = in.reshaped(in.transposed(in.whole(0), order), image);
  const ImportValueId made = in.emit(std::move(node), {from});
  OnnxShape back = in.shape_of(made);
  back.erase(back.begin(), back.begin() + static_cast<std::ptrdiff_t>(missing));
  std::vector<std::size_t> inverse(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    inverse[order[i]] = i;
  }
  return in.transposed(in.reshaped(made, back), inverse);
}

/// Windows along at most two axes, by a pool; an average times the elements of a window is a sum.
void pool(Translation& in, const PoolWindow& window, const std::vector<std::size_t>& axes,
          bool is_sum) {
  Integers kernel;
  Integers strides;
  Integers before;
  Integers after;
  double count = 1;
  for (const std::size_t axis : axes) {
    kernel.push_back(window.size[axis]);
    strides.push_back(window.stride[axis]);
    before.push_back(window.before[axis]);
    after.push_back(window.after[axis]);
    count *= static_cast<double>(window.size[axis]);
  }
  before.insert(before.end(), after.begin(), after.end());
  ImportNode node;
  node.op = is_sum ? "AveragePool" : "MaxPool";
  node.set("kernel_shape", kernel);
  node.set("strides", strides);
  node.set("pads", before);
  if (is_sum) {
    node.set("count_include_pad", std::int64_t{1});
  }
  const Held made = in.plain(pooled(in, std::move(node), axes));
  if (!is_sum) {
    in.give(made);
    return;
  }
  const Held by{.tensor = in.number(OnnxType::Float, count),
                .view = ones(made.shape.size()),
                .shape = made.shape};
  in.give(in.elementwise("Mul", {made, by}));
}

void translate_reduce_window(Translation& in) {
  static_cast<void>(in.result_shape());
  if (in.operands() != 2) {
    refuse("expected a window over one tensor, got {}", in.operands() / 2);
  }
  const Held& x = in.operand(0);
  const std::size_t rank = x.shape.size();
  const PoolWindow window = pool_window(in, rank);
  const Reducer reducer = reducer_of(in, in.type_of(x));
  if (!starts_neutral(in, reducer, in.operand(1))) {
    refuse("expected a window that begins with what changes nothing, got another number");
  }
  const std::vector<std::size_t> axes = window_axes(window);
  const bool is_sum = reducer.op == "add";
  if (axes.empty()) {
    in.give(x);
    return;
  }
  constexpr std::int64_t kMostCounted = 1 << 20;
  const auto number = in.scalar(x);
  if (is_sum && number && elements_of(in.result_shape()) <= kMostCounted) {
    in.give(counted(in, window, static_cast<double>(*number)));
    return;
  }
  if (const auto made = is_sum ? cumulated(in, window, axes) : std::nullopt) {
    in.give(*made);
    return;
  }
  if ((!is_sum && reducer.op != "maximum") || axes.size() > 2 || rank > axes.size() + 2) {
    refuse(
        "expected windows along at most two axes, with one of images and one of channels "
        "beside, that take the sum or the maximum, got a {} along {} of {} axes",
        reducer.op, axes.size(), rank);
  }
  pool(in, window, axes, is_sum);
}

// --- orders ---

void translate_top_k(Translation& in) {
  translate_largest(in, in.integer({"k"}, 0));
}

void translate_sort(Translation& /*in*/) {
  refuse("expected elements that stay in order or the largest of them (top_k), got a sort");
}

// --- normalisation ---

/// (x - mean) * scale / sqrt(variance + epsilon) + offset, by channel.
void translate_batch_norm_inference(Translation& in) {
  const Held& x = in.operand(0);
  const HloAttribute* epsilon = in.attribute({"epsilon"});
  const auto axes = Translation::axes({in.integer({"feature_index"}, 1)}, x.shape.size());
  const std::size_t channel = axes.front();
  std::vector<std::size_t> order;
  for (std::size_t axis = 0; axis < x.shape.size(); ++axis) {
    if (axis != channel) {
      order.push_back(axis);
    }
  }
  if (order.empty()) {
    refuse("expected images with channels, got {}", text_of(x.shape));
  }
  order.insert(order.begin() + 1, channel);
  ImportNode node;
  node.op = "BatchNormalization";
  node.set("epsilon", epsilon == nullptr ? 1e-5F : static_cast<float>(epsilon->number));
  const ImportValueId made = in.emit(
      std::move(node),
      {in.transposed(in.whole(0), order), in.whole(1), in.whole(2), in.whole(3), in.whole(4)});
  std::vector<std::size_t> inverse(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    inverse[order[i]] = i;
  }
  in.give(in.transposed(made, inverse));
}

constexpr auto kReductionsRules = std::to_array<Rule>({
    {"batch_norm_inference", translate_batch_norm_inference},
    {"reduce", translate_reduce},
    {"reduce_window", translate_reduce_window},
    {"sort", translate_sort, true},
    {"top_k", translate_top_k},
});

}  // namespace

void translate_largest(Translation& in, std::int64_t count) {
  if (count < 1) {
    refuse("expected a number of elements above 0, got {}", count);
  }
  ImportNode node;
  node.op = "TopK";
  node.set("axis", std::int64_t{-1});
  const std::vector<ImportValueId> made =
      in.emit_several(std::move(node), {in.whole(0), in.constant_integers({count})}, 2);
  for (std::size_t i = 0; i < made.size(); ++i) {
    in.give(made[i], i);
  }
}

std::span<const Rule> reduction_rules() {
  return kReductionsRules;
}

}  // namespace systole::stablehlo
