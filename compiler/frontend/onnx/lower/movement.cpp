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

/// Strides of a tensor in the order of the file.
std::vector<std::int64_t> strides_of(const OnnxShape& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t axis = shape.size(); axis-- > 1;) {
    strides[axis - 1] = strides[axis] * shape[axis];
  }
  return strides;
}

/// The indices of element `number` of a tensor.
std::vector<std::int64_t> indices_of(const OnnxShape& shape, std::int64_t number) {
  std::vector<std::int64_t> indices(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    indices[axis] = number % shape[axis];
    number /= shape[axis];
  }
  return indices;
}

std::int64_t number_of(const OnnxShape& shape, const std::vector<std::int64_t>& indices) {
  std::int64_t number = 0;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    number = number * shape[axis] + indices[axis];
  }
  return number;
}

/// Constants around one tensor, as the token of a class before those of an image: zeros around it,
/// to which the constants are added.
void lower_constant_concat(Lowering& in, std::size_t axis, std::size_t tensor) {
  const OnnxShape& shape = in.out_shape();
  const std::vector<std::int64_t> strides = strides_of(shape);
  std::vector<float> numbers(static_cast<std::size_t>(elements_of(shape)), 0.0F);
  Picks picks = every(in.shape(tensor));
  picks[axis].clear();
  std::int64_t first = 0;
  for (std::size_t i = 0; i < in.node().inputs.size(); ++i) {
    const OnnxShape& part = in.shape(i);
    const auto indices = counting(part[axis]);
    if (i == tensor) {
      picks[axis].insert(picks[axis].end(), indices.begin(), indices.end());
    } else {
      const std::vector<float> values = in.constant(i, "tensors").floats();
      for (std::size_t element = 0; element < values.size(); ++element) {
        auto at = indices_of(part, static_cast<std::int64_t>(element));
        at[axis] += first;
        numbers[static_cast<std::size_t>(number_of(shape, at))] = values[element];
      }
      picks[axis].insert(picks[axis].end(), indices.size(), MapAxis::kFilled);
    }
    first += part[axis];
  }
  const Held from = in.held(tensor);
  const Axes order = in.order_of_memory(from).value_or(plain_order(shape.size()));
  FormulaInputs inputs(in, shape, order);
  const std::string x = inputs.held(in.moved(from, picks, order));
  inputs.add_elements(x + "+" + inputs.constant(OnnxConstant::of_floats(shape, numbers)));
}

/// An order of memory in which tensors can stand behind one another along an axis: one that ends in
/// the axis, else that of the first.
Axes concat_order(const Lowering& in, std::size_t axis) {
  std::optional<Axes> order;
  for (std::size_t i = 0; i < in.node().inputs.size(); ++i) {
    if (!order || in.shape(i)[axis] > 1) {
      order = order_ending_in(in.held(i).layout, axis);
    }
    if (!order) {
      return in.order_of_memory(in.held(i)).value_or(plain_order(in.shape(0).size()));
    }
  }
  return *order;
}

/// Along an axis within: [images, what is before it, itself, what is behind it].
void concat_within(Lowering& in, std::size_t axis, const Axes& order) {
  const std::size_t count = in.node().inputs.size();
  std::int64_t images = 1;
  for (std::size_t i = 0; i < count; ++i) {
    const Extents& extents = in.made().tensor(in.held(i).tensor).type.extents;
    images = std::max(images, extents.size() > 1 ? extents.front() : 1);
  }
  const auto place = std::find(order.begin(), order.end(), axis) - order.begin();
  std::vector<GraphTensorId> inputs;
  for (std::size_t i = 0; i < count; ++i) {
    Held from = in.held(i);
    const OnnxShape shape = from.layout.shape();
    if (!from.layout.is_ordered(order)) {
      if (!in.may_move()) {
        Lowering::refuse_order(from.layout);
      }
      from = in.moved(from, every(shape), order);
    }
    std::int64_t before = 1;
    std::int64_t behind = 1;
    for (std::size_t at = 0; at < order.size(); ++at) {
      const bool is_before = static_cast<std::ptrdiff_t>(at) < place;
      (is_before ? before : behind) *=
          static_cast<std::ptrdiff_t>(at) == place ? 1 : shape[order[at]];
    }
    if (before % images != 0) {
      refuse("expected parts of one image, got {} of which there are {} in a batch", text_of(shape),
             images);
    }
    inputs.push_back(in.viewed(from.tensor, {images, before / images, shape[axis], behind}));
  }
  in.add(Concat{.axis = 2}, "concat", std::move(inputs), Layout::ordered(in.out_shape(), order));
}

void lower_concat(Lowering& in) {
  const std::size_t axis = axis_of(in.node().integer("axis", 1), in.shape(0).size());
  std::vector<std::size_t> tensors;
  for (std::size_t i = 0; i < in.node().inputs.size(); ++i) {
    if (in.is_held(i)) {
      tensors.push_back(i);
    }
  }
  if (tensors.size() == 1 && in.node().inputs.size() > 1) {
    lower_constant_concat(in, axis, tensors.front());
    return;
  }
  const Axes order = concat_order(in, axis);
  if (order.back() != axis || order.size() == 1) {
    concat_within(in, axis, order);
    return;
  }
  std::vector<GraphTensorId> inputs;
  for (std::size_t i = 0; i < in.node().inputs.size(); ++i) {
    GraphTensorId input = in.ordered(i, order, FirstAxis::Any);
    // One row of features may be an image of one pixel, too: all are rows.
    if (order.size() == 2 && in.shape(i)[order.front()] == 1 &&
        in.made().tensor(input).type.extents.size() != 2) {
      input = in.add_before(Flatten{}, "flatten", {input});
    }
    inputs.push_back(input);
  }
  in.add(Concat{}, "concat", std::move(inputs), Layout::ordered(in.out_shape(), order));
}

// --- parts and products ---

/// The order of memory where it can be cut.
std::optional<Axes> order_to_cut(const Lowering& in) {
  auto order = in.order_of_memory(in.held(0));
  constexpr std::size_t kMostAxes = 4;
  if (!order || order->size() > kMostAxes) {
    return std::nullopt;
  }
  return order;
}

SliceTensor part_of(const Axes& order, std::size_t axis, std::int64_t first, std::int64_t size,
                    std::int64_t step) {
  const auto place = std::find(order.begin(), order.end(), axis) - order.begin();
  if (place == 0) {
    refuse("expected parts of an axis behind the first that memory holds, got such of axis {}",
           axis);
  }
  if (step < 1 || (step != 1 && place + 1 == static_cast<std::ptrdiff_t>(order.size()))) {
    refuse(
        "expected a step of 1 along the last axis that memory holds, above 0 along others, got "
        "{}",
        step);
  }
  return {.axis = place, .first = first, .size = size, .step = step};
}

/// Some indices of each axis, in the order of memory as far as that goes.
void lower_picks(Lowering& in, const Held& from, const Picks& picks, const Layout& as,
                 double fill = 0, std::size_t output = 0) {
  const OnnxShape shape = from.layout.shape();
  const Axes order = in.order_of_memory(from).value_or(plain_order(shape.size()));
  const Held made = in.moved(from, picks, order, fill, output);
  const auto layout = made.layout.reshaped(as.shape());
  if (!layout) {
    Lowering::refuse_order(made.layout);
  }
  in.hold({.tensor = made.tensor, .layout = *layout}, output);
}

void lower_slice(Lowering& in) {
  const Layout from = in.held(0).layout;
  const OnnxShape shape = in.shape(0);
  const auto firsts = *in.node().integers("first");
  const auto steps = *in.node().integers("by");
  if (in.may_move()) {
    Picks picks;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      picks.push_back(counting(in.out_shape()[axis], firsts[axis], steps[axis]));
    }
    lower_picks(in, in.held(0), picks, Layout::plain(in.out_shape()));
    return;
  }
  const auto order = order_to_cut(in);
  if (!order) {
    Lowering::refuse_order(from);
  }
  std::vector<SliceTensor> parts;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (in.out_shape()[axis] != shape[axis] || steps[axis] != 1) {
      parts.push_back(part_of(*order, axis, firsts[axis], in.out_shape()[axis], steps[axis]));
    }
  }
  if (parts.empty()) {
    in.alias(from);
    return;
  }
  GraphTensorId tensor = in.exactly(in.ordered(0, *order), in_order(shape, *order));
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    tensor = in.add_before(parts[i], "slice", {tensor});
  }
  in.add(parts.back(), "slice", {tensor}, Layout::ordered(in.out_shape(), *order));
}

void lower_split(Lowering& in) {
  const ImportNode& node = in.node();
  const Layout from = in.held(0).layout;
  OnnxShape shape = in.shape(0);
  const std::size_t axis = axis_of(node.integer("axis", 0), shape.size());
  const auto sizes = *node.integers("parts");
  if (std::any_of(sizes.begin(), sizes.end(), [](std::int64_t size) { return size < 1; })) {
    refuse("expected parts with elements, got one without");
  }
  if (in.may_move()) {
    const Held whole = in.held(0);
    std::int64_t first = 0;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      Picks picks = every(shape);
      picks[axis] = counting(sizes[i], first);
      OnnxShape part = shape;
      part[axis] = sizes[i];
      lower_picks(in, whole, picks, Layout::plain(part), 0, i);
      first += sizes[i];
    }
    return;
  }
  const auto order = order_to_cut(in);
  if (!order) {
    Lowering::refuse_order(from);
  }
  const GraphTensorId tensor = in.exactly(in.ordered(0, *order), in_order(shape, *order));
  std::int64_t first = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    shape[axis] = sizes[i];
    in.add(part_of(*order, axis, first, sizes[i], 1), "slice", {tensor},
           Layout::ordered(shape, *order), i);
    first += sizes[i];
  }
}

void lower_reshape(Lowering& in) {
  in.hold(reshaped(in, in.held(0), in.out_shape()));
}

void lower_transpose(Lowering& in) {
  const std::vector<std::int64_t> perm = *in.node().integers("perm");
  in.alias(in.held(0).layout.transposed(Axes(perm.begin(), perm.end())));
}

/// Blocks of channels become pixels, or the other way.
void lower_blocks(Lowering& in) {
  const ImportNode& node = in.node();
  const OnnxShape& from = in.shape(0);
  const std::int64_t block = node.integer("blocksize", 1);
  OnnxShape split;
  Axes order;
  if (node.op == "SpaceToDepth") {
    split = {from[0], from[1], from[2] / block, block, from[3] / block, block};
    order = {0, 3, 5, 1, 2, 4};
  } else if (node.text("mode", "DCR") == "DCR") {
    split = {from[0], block, block, from[1] / (block * block), from[2], from[3]};
    order = {0, 3, 4, 1, 5, 2};
  } else {
    split = {from[0], from[1] / (block * block), block, block, from[2], from[3]};
    order = {0, 1, 4, 2, 5, 3};
  }
  Held made = reshaped(in, in.held(0), split);
  made.layout = made.layout.transposed(order);
  in.hold(reshaped(in, made, in.out_shape()));
}

/// Rows of a table of the file, by numbers of the run: fetched from DRAM.
void look_up(Lowering& in) {
  const OnnxShape& shape = in.shape(0);
  if (in.made().batch != 1) {  // each image would have all rows
    refuse("expected rows that are looked up for one image, got a batch of {}", in.made().batch);
  }
  std::vector<std::int64_t> rows = *in.graph().value(in.node().input(1)).indices;
  for (std::int64_t& row : rows) {
    row += row < 0 ? shape[0] : 0;
  }
  const GraphTensorId table = in.table(0, {1, shape[0], elements_of(shape) / shape[0]});
  GatherRows op;
  op.rows = text_of(std::vector<MapAxis>{{.indices = std::move(rows), .stride = 1}});
  in.add(std::move(op), "gather", {table}, Layout::plain(in.out_shape()));
}

/// Indices that stand in the file.
void lower_gather(Lowering& in) {
  if (in.graph().value(in.node().input(1)).indices) {
    look_up(in);
    return;
  }
  const OnnxShape& shape = in.shape(0);
  const std::size_t axis = axis_of(in.node().integer("axis", 0), shape.size());
  std::vector<std::int64_t> indices = in.constant(1, "indices").integers();
  Picks picks = every(shape);
  for (std::int64_t& index : indices) {
    index += index < 0 ? shape[axis] : 0;
  }
  picks[axis] = indices;
  lower_picks(in, in.held(0), picks, Layout::plain(in.out_shape()));
}

void lower_expand(Lowering& in) {
  const OnnxShape& to = in.out_shape();
  OnnxShape from = in.shape(0);
  from.insert(from.begin(), to.size() - from.size(), 1);
  Picks picks;
  for (std::size_t axis = 0; axis < to.size(); ++axis) {
    picks.push_back(from[axis] == to[axis] ? counting(to[axis]) : counting(to[axis], 0, 0));
  }
  lower_picks(in, reshaped(in, in.held(0), from), picks, Layout::plain(to));
}

void lower_tile(Lowering& in) {
  const OnnxShape& from = in.shape(0);
  Picks picks;
  for (std::size_t axis = 0; axis < from.size(); ++axis) {
    auto& pick = picks.emplace_back();
    for (std::int64_t i = 0; i < in.out_shape()[axis]; ++i) {
      pick.push_back(i % from[axis]);
    }
  }
  lower_picks(in, in.held(0), picks, Layout::plain(in.out_shape()));
}

/// The index that an index beyond the ends stands for.
std::int64_t padded_index(const std::string& mode, std::int64_t index, std::int64_t size) {
  if (index >= 0 && index < size) {
    return index;
  }
  if (mode == "constant") {
    return MapAxis::kFilled;
  }
  if (mode == "edge") {
    return std::clamp<std::int64_t>(index, 0, size - 1);
  }
  if (mode == "wrap") {
    return (index % size + size) % size;
  }
  const std::int64_t period = std::max<std::int64_t>(1, 2 * (size - 1));
  const std::int64_t within = (index % period + period) % period;
  return within < size ? within : period - within;
}

void lower_pad(Lowering& in) {
  const ImportNode& node = in.node();
  const OnnxShape& shape = in.shape(0);
  const std::vector<std::int64_t> pads = *node.integers("pads");
  const std::string mode = node.text("mode", "constant");
  double fill = static_cast<double>(node.number("value", 0.0F));
  if (node.input(2) != kNoValue) {
    fill = static_cast<double>(in.constant(2, "a value").floats().at(0));
  }
  Picks picks;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    auto& pick = picks.emplace_back();
    for (std::int64_t i = 0; i < in.out_shape()[axis]; ++i) {
      pick.push_back(padded_index(mode, i - pads[axis], shape[axis]));
    }
  }
  lower_picks(in, in.held(0), picks, Layout::plain(in.out_shape()), fill);
}

/// Elements from anywhere in a tensor or several, one behind the other, by their number in the
/// order of the file.
void lower_elements_of(Lowering& in, const std::vector<Held>& from,
                       std::vector<std::int64_t> numbers) {
  std::vector<GraphTensorId> inputs;
  for (const Held& each : from) {
    const OnnxShape shape = each.layout.shape();
    const GraphTensorId plain = in.ordered(each, plain_order(shape.size()), FirstAxis::Any);
    const Extents extents = in.made().tensor(plain).type.extents;
    if (extents.size() > 1 && extents.front() != 1) {
      refuse("expected a copy within the images of a batch, got one that mixes {} of them",
             extents.front());
    }
    const std::int64_t cols = shape.empty() ? 1 : shape.back();
    inputs.push_back(in.viewed(plain, {1, elements_of(shape) / cols, cols, 1}));
  }
  Rearrange op;
  op.map = text_of(std::vector<MapAxis>{{.indices = std::move(numbers), .stride = 1}});
  in.add(std::move(op), "rearrange", std::move(inputs), Layout::plain(in.out_shape()));
}

std::int64_t checked_index(std::int64_t index, std::int64_t size) {
  const std::int64_t from_front = index < 0 ? index + size : index;
  if (from_front < 0 || from_front >= size) {
    refuse("expected indices in 0..{}, got {}", size - 1, index);
  }
  return from_front;
}

void lower_gather_elements(Lowering& in) {
  const OnnxShape& shape = in.shape(0);
  const OnnxConstant& places = in.constant(1, "indices");
  const std::size_t axis = axis_of(in.node().integer("axis", 0), shape.size());
  const std::vector<std::int64_t> indices = places.integers();
  std::vector<std::int64_t> numbers;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    auto at = indices_of(places.shape(), static_cast<std::int64_t>(i));
    at[axis] = checked_index(indices[i], shape[axis]);
    numbers.push_back(number_of(shape, at));
  }
  lower_elements_of(in, {in.held(0)}, std::move(numbers));
}

void lower_gather_nd(Lowering& in) {
  const OnnxShape& shape = in.shape(0);
  const OnnxConstant& places = in.constant(1, "indices");
  const auto batch = static_cast<std::size_t>(in.node().integer("batch_dims", 0));
  const auto depth = static_cast<std::size_t>(places.shape().back());
  const std::vector<std::int64_t> strides = strides_of(shape);
  const std::vector<std::int64_t> indices = places.integers();
  const std::int64_t size = elements_of(
      OnnxShape(shape.begin() + static_cast<std::ptrdiff_t>(batch + depth), shape.end()));
  const OnnxShape outer(places.shape().begin(), places.shape().end() - 1);
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = 0; i < elements_of(outer); ++i) {
    const auto at = indices_of(outer, i);
    std::int64_t first = 0;
    for (std::size_t axis = 0; axis < batch; ++axis) {
      first += at[axis] * strides[axis];
    }
    for (std::size_t axis = 0; axis < depth; ++axis) {
      const auto index = indices[static_cast<std::size_t>(i) * depth + axis];
      first += checked_index(index, shape[batch + axis]) * strides[batch + axis];
    }
    for (std::int64_t element = 0; element < size; ++element) {
      numbers.push_back(first + element);
    }
  }
  lower_elements_of(in, {in.held(0)}, std::move(numbers));
}

/// Elements of the first input in whose places those of the third stand.
void lower_scatter(Lowering& in) {
  const OnnxShape& shape = in.shape(0);
  const OnnxConstant& places = in.constant(1, "indices");
  if (in.node().text("reduction", "none") != "none") {
    refuse("expected elements that take the place of others, got such that join them");
  }
  const std::vector<std::int64_t> indices = places.integers();
  const std::int64_t total = elements_of(shape);
  std::vector<std::int64_t> numbers = counting(total);
  if (in.node().op == "ScatterND") {
    const auto depth = static_cast<std::size_t>(places.shape().back());
    const std::vector<std::int64_t> strides = strides_of(shape);
    const std::int64_t size =
        elements_of(OnnxShape(shape.begin() + static_cast<std::ptrdiff_t>(depth), shape.end()));
    for (std::size_t i = 0; i * depth < indices.size(); ++i) {
      std::int64_t first = 0;
      for (std::size_t axis = 0; axis < depth; ++axis) {
        first += checked_index(indices[i * depth + axis], shape[axis]) * strides[axis];
      }
      for (std::int64_t element = 0; element < size; ++element) {
        numbers[static_cast<std::size_t>(first + element)] =
            total + static_cast<std::int64_t>(i) * size + element;
      }
    }
  } else {
    const std::size_t axis = axis_of(in.node().integer("axis", 0), shape.size());
    for (std::size_t i = 0; i < indices.size(); ++i) {
      auto at = indices_of(places.shape(), static_cast<std::int64_t>(i));
      at[axis] = checked_index(indices[i], shape[axis]);
      numbers[static_cast<std::size_t>(number_of(shape, at))] =
          total + static_cast<std::int64_t>(i);
    }
  }
  lower_elements_of(in, {in.held(0), in.held(2)}, std::move(numbers));
}

/// The first elements of each sequence the other way round.
void lower_reverse(Lowering& in) {
  const OnnxShape& shape = in.shape(0);
  const std::vector<std::int64_t> lengths = in.constant(1, "lengths").integers();
  const std::size_t time = axis_of(in.node().integer("time_axis", 0), shape.size());
  const std::size_t batch = axis_of(in.node().integer("batch_axis", 1), shape.size());
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = 0; i < elements_of(shape); ++i) {
    auto at = indices_of(shape, i);
    const std::int64_t length = lengths.at(static_cast<std::size_t>(at[batch]));
    at[time] = at[time] < length ? length - 1 - at[time] : at[time];
    numbers.push_back(number_of(shape, at));
  }
  lower_elements_of(in, {in.held(0)}, std::move(numbers));
}

constexpr auto kMovementRules = std::to_array<LowerRule>({
    {"Concat", lower_concat, OfIntegers::Stays},
    {"DepthToSpace", lower_blocks, OfIntegers::Stays},
    {"Expand", lower_expand, OfIntegers::Stays},
    {"Flatten", lower_reshape, OfIntegers::Stays},
    {"Gather", lower_gather, OfIntegers::Stays},
    {"GatherElements", lower_gather_elements, OfIntegers::Stays},
    {"GatherND", lower_gather_nd, OfIntegers::Stays},
    {"ReverseSequence", lower_reverse, OfIntegers::Stays},
    {"Scatter", lower_scatter, OfIntegers::Stays},
    {"ScatterElements", lower_scatter, OfIntegers::Stays},
    {"ScatterND", lower_scatter, OfIntegers::Stays},
    {"Identity", lower_reshape, OfIntegers::Stays},
    {"Pad", lower_pad, OfIntegers::Stays},
    {"Reshape", lower_reshape, OfIntegers::Stays},
    {"Slice", lower_slice, OfIntegers::Stays},
    {"SpaceToDepth", lower_blocks, OfIntegers::Stays},
    {"Split", lower_split, OfIntegers::Stays},
    {"Squeeze", lower_reshape, OfIntegers::Stays},
    {"Tile", lower_tile, OfIntegers::Stays},
    {"Transpose", lower_transpose, OfIntegers::Stays},
    {"Unsqueeze", lower_reshape, OfIntegers::Stays},
});

}  // namespace

Held reshaped(Lowering& in, const Held& from, const OnnxShape& shape) {
  if (const auto layout = from.layout.reshaped(shape)) {
    return {.tensor = from.tensor, .layout = *layout};
  }
  const OnnxShape own = from.layout.shape();
  const GraphTensorId plain = in.ordered(from, plain_order(own.size()), FirstAxis::Any);
  return {.tensor = plain, .layout = *Layout::plain(own).reshaped(shape)};
}

std::span<const LowerRule> movement_rules() {
  return kMovementRules;
}

}  // namespace systole
