#include <algorithm>
#include <array>
#include <numeric>

#include "arch/diag/printable.h"
#include "compiler/frontend/stablehlo/translate/translation.h"

namespace systole::stablehlo {

namespace {

/// Any constant that the module writes down, resources included.
OnnxConstant written_constant(const Translation& in) {
  const HloAttribute* value = in.attribute({"value"});
  if (value == nullptr) {
    refuse("expected numbers, got none");
  }
  const bool is_number = is_floating(value->type.element) || is_integral(value->type.element);
  if (!is_number) {
    refuse("expected a tensor of real or whole numbers, got {}", printable(value->type.text));
  }
  if (value->kind == HloAttribute::Kind::Dense) {
    return value->dense;
  }
  const auto found = in.module().resources.find(value->text);
  if (found == in.module().resources.end()) {
    refuse(
        "expected the numbers of dense_resource<{}> at the end of the file, got none: print it "
        "with its resources",
        printable(value->text));
  }
  // Hexadecimal digits: four bytes of alignment, then the elements.
  const std::string& text = found->second;
  constexpr std::size_t kHead = 2 + 8;
  std::string bytes;
  const auto digit = [](char letter) {
    return letter <= '9' ? letter - '0' : (letter | 0x20) - 'a' + 10;
  };
  for (std::size_t i = kHead; i + 1 < text.size(); i += 2) {
    bytes += static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1]));
  }
  const std::int64_t wanted = elements_of(value->type.shape) * bytes_of(value->type.element);
  if (static_cast<std::int64_t>(bytes.size()) != wanted) {
    refuse("expected {} bytes in dense_resource<{}>, got {}", wanted, printable(value->text),
           bytes.size());
  }
  return {value->type.element, value->type.shape, std::move(bytes)};
}

void translate_constant(Translation& in) {
  OnnxConstant value = written_constant(in);
  const OnnxType type = is_floating(value.type()) ? OnnxType::Float : value.type();
  const ImportValueId id = in.graph().add_constant(in.label(), std::move(value));
  in.graph().value(id).type = type;
  const OnnxShape shape = in.attribute({"value"})->type.shape;
  const bool is_one = in.shape_of(id) != shape;
  in.give({.tensor = id, .view = is_one ? ones(shape.size()) : shape, .shape = shape});
}

void translate_iota(Translation& in) {
  const OnnxShape& shape = in.result_shape();
  const std::size_t axis =
      Translation::axes(in.integers({"iota_dimension", "dim"}), shape.size()).front();
  constexpr std::int64_t kMost = 1 << 20;
  if (shape[axis] > kMost) {
    refuse("expected at most {} numbers that count up, got {}", kMost, shape[axis]);
  }
  Integers numbers(static_cast<std::size_t>(shape[axis]));
  std::iota(numbers.begin(), numbers.end(), 0);
  OnnxShape view = ones(shape.size());
  view[axis] = shape[axis];
  const OnnxType type = in.result_type().element;
  const ImportValueId id = in.graph().add_constant(
      in.label(), is_floating(type) ? OnnxConstant::of_floats(
                                          view, std::vector<float>(numbers.begin(), numbers.end()))
                                    : OnnxConstant::of_integers(type, view, numbers));
  in.give({.tensor = id, .view = view, .shape = shape});
}

void translate_broadcast_in_dim(Translation& in) {
  const OnnxShape& shape = in.result_shape();
  const Held& from = in.operand(0);
  const auto dims = Translation::axes(in.integers({"broadcast_dimensions", "dims"}), shape.size());
  if (dims.size() != from.shape.size()) {
    refuse("expected an axis for each of {}, got {}", text_of(from.shape), dims.size());
  }
  std::vector<std::size_t> order(dims.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return dims[a] < dims[b]; });
  OnnxShape view = ones(shape.size());
  for (std::size_t axis = 0; axis < dims.size(); ++axis) {
    if (from.shape[axis] != 1 && from.shape[axis] != shape[dims[axis]]) {
      refuse("expected sizes of {} or 1, got {}", text_of(shape), text_of(from.shape));
    }
    view[dims[axis]] = from.view[axis];
  }
  const ImportValueId tensor = std::is_sorted(order.begin(), order.end())
                                   ? from.tensor
                                   : in.transposed(in.viewed(from), order);
  in.give({.tensor = tensor, .view = std::move(view), .shape = shape});
}

void translate_reshape(Translation& in) {
  in.give(in.reshaped(in.operand(0), in.result_shape()));
}

void translate_transpose(Translation& in) {
  const Held& from = in.operand(0);
  const auto order = Translation::axes(in.integers({"permutation", "dims"}), from.shape.size());
  if (order.size() != from.shape.size()) {
    refuse("expected an order of {} axes, got {}", from.shape.size(), order.size());
  }
  Held to{.tensor = kNoValue, .view = {}, .shape = {}};
  std::vector<std::size_t> moved;  // axes that have more than one element
  for (const std::size_t axis : order) {
    to.view.push_back(from.view[axis]);
    to.shape.push_back(from.shape[axis]);
    if (from.view[axis] != 1) {
      moved.push_back(axis);
    }
  }
  to.tensor = std::is_sorted(moved.begin(), moved.end()) ? from.tensor
                                                         : in.transposed(in.viewed(from), order);
  in.give(std::move(to));
}

void translate_slice(Translation& in) {
  const Held& from = in.operand(0);
  const Integers some(from.shape.size(), 1);
  const Integers starts = in.integers({"start_indices"}, some);
  const Integers ends = in.integers({"limit_indices"}, some);
  const Integers steps = in.integers({"strides"}, some);
  for (std::size_t axis = 0; axis < from.shape.size(); ++axis) {
    if (starts[axis] < 0 || ends[axis] < starts[axis] || ends[axis] > from.shape[axis] ||
        steps[axis] < 1) {
      refuse("expected a part of {}, got {} to {} in steps of {}", text_of(from.shape),
             text_of(starts), text_of(ends), text_of(steps));
    }
  }
  in.give(in.sliced(in.whole(0), starts, ends, steps));
}

// --- parts at places that may depend on inputs ---

/// The index itself, where JAX adds the size of the axis to those below 0.
ImportValueId without_wrap(const Translation& in, ImportValueId index) {
  const ImportNode* node = in.maker(index);
  constexpr int kMostSteps = 8;
  for (int step = 0; node != nullptr && step < kMostSteps; ++step) {
    if (node->is("Where")) {
      const ImportNode* choice = in.maker(node->input(0));
      const ImportNode* sum = in.maker(node->input(1));
      const bool wraps = choice != nullptr && sum != nullptr && choice->is("Less") &&
                         sum->is("Add") && choice->input(0) == node->input(2) &&
                         (sum->input(0) == node->input(2) || sum->input(1) == node->input(2)) &&
                         in.graph().scalar(choice->input(1)) == 0.0F;
      return wraps ? node->input(2) : index;
    }
    if (!node->is("Reshape") && !node->is("Cast")) {
      break;
    }
    node = in.maker(node->inputs.front());
  }
  return index;
}

/// The axis along which the place of a single element depends on inputs; the others' do not.
std::optional<std::size_t> open_axis(Translation& in, std::size_t first, const OnnxShape& shape,
                                     const Integers& sizes) {
  std::optional<std::size_t> found;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (sizes[axis] == shape[axis] || in.constant(in.operand(first + axis)) != nullptr) {
      continue;
    }
    if (found || sizes[axis] != 1) {
      refuse(
          "expected indices that do not depend on inputs, or one element along one axis, got a "
          "part of {} of {}",
          text_of(sizes), text_of(shape));
    }
    found = axis;
  }
  return found;
}

/// Of an index that depends on inputs.
OnnxType type_of_index(const Translation& in, const Held& index) {
  const OnnxType type = in.type_of(index);
  if (!is_integral(type)) {
    refuse("expected indices that are integers, got {}", name_of(type));
  }
  return type;
}

/// An index that depends on inputs, within an axis.
Held clamped_index(Translation& in, const Held& index, std::int64_t size, const OnnxShape& shape) {
  const OnnxType type = type_of_index(in, index);
  const auto repeated = [&](ImportValueId id) {
    return Held{.tensor = id, .view = ones(shape.size()), .shape = shape};
  };
  const Held lowest = in.elementwise(
      "Max", {repeated(without_wrap(in, index.tensor)), repeated(in.number(type, 0))});
  return in.elementwise("Min", {lowest, repeated(in.number(type, static_cast<double>(size - 1)))});
}

/// True where an element stands at the index along the axis.
Held is_at(Translation& in, const Held& index, std::size_t axis, const OnnxShape& shape) {
  const OnnxType type = type_of_index(in, index);
  constexpr std::int64_t kMost = 1 << 24;
  if (shape[axis] > kMost) {
    refuse("expected an axis of at most {} elements, got {}", kMost, shape[axis]);
  }
  Integers numbers(static_cast<std::size_t>(shape[axis]));
  std::iota(numbers.begin(), numbers.end(), 0);
  OnnxShape view = ones(shape.size());
  view[axis] = shape[axis];
  const ImportValueId places =
      in.graph().add_constant(in.label(), OnnxConstant::of_integers(type, view, numbers));
  return in.elementwise("Equal", {{.tensor = places, .view = view, .shape = shape},
                                  clamped_index(in, index, shape[axis], shape)});
}

/// The element at an index along an axis: a row of a table, or the sum of what stands there and
/// zeros.
ImportValueId element_at(Translation& in, const Held& from, const Held& index, std::size_t axis) {
  if (in.constant(from) != nullptr) {
    const Held at = clamped_index(in, index, from.shape[axis], {});
    ImportNode node;
    node.op = "Gather";
    node.set("axis", static_cast<std::int64_t>(axis));
    return in.emit(std::move(node), {in.whole(from), in.reshaped(at.tensor, {1})});
  }
  const Held zeros{.tensor = in.number(in.type_of(from), 0),
                   .view = ones(from.shape.size()),
                   .shape = from.shape};
  const Held there = in.elementwise("Where", {is_at(in, index, axis, from.shape), from, zeros});
  ImportNode node;
  node.op = "ReduceSum";
  node.set("axes", Integers{static_cast<std::int64_t>(axis)});
  node.set("keepdims", std::int64_t{1});
  return in.emit(std::move(node), {in.whole(there)});
}

/// Starts of a part of `sizes`, moved so that it lies within the tensor.
Integers clamped_starts(Translation& in, std::size_t first, const OnnxShape& shape,
                        const Integers& sizes, std::optional<std::size_t> open) {
  Integers starts;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (sizes[axis] > shape[axis] || sizes[axis] < 0) {
      refuse("expected a part of {}, got {}", text_of(shape), text_of(sizes));
    }
    if (sizes[axis] == shape[axis] || axis == open) {
      starts.push_back(0);  // whatever the index
      continue;
    }
    const Integers index = in.known_integers(in.operand(first + axis), "indices");
    starts.push_back(std::clamp<std::int64_t>(index.at(0), 0, shape[axis] - sizes[axis]));
  }
  return starts;
}

void translate_dynamic_slice(Translation& in) {
  const OnnxShape shape = in.operand(0).shape;
  const Integers sizes = in.integers({"slice_sizes", "sizes"}, Integers(shape.size(), 1));
  const auto open = open_axis(in, 1, shape, sizes);
  const Integers starts = clamped_starts(in, 1, shape, sizes, open);
  const ImportValueId from =
      open ? element_at(in, in.operand(0), in.operand(1 + *open), *open) : in.whole(0);
  Integers ends;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    ends.push_back(starts[axis] + sizes[axis]);
  }
  in.give(in.sliced(from, starts, ends, Integers(shape.size(), 1)));
}

/// The only axis along which a part is not the whole.
std::optional<std::size_t> single_axis(const OnnxShape& shape, const OnnxShape& part) {
  std::optional<std::size_t> found;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (part[axis] != shape[axis]) {
      if (found) {
        return std::nullopt;
      }
      found = axis;
    }
  }
  return found;
}

/// Whether it is an argument of the module that is no weight: it may be a cache.
bool is_argument(const Translation& in, const Held& held) {
  const std::vector<ImportValueId>& inputs = in.graph().inputs;
  return held.newest == nullptr && held.view == held.shape &&
         std::find(inputs.begin(), inputs.end(), held.tensor) != inputs.end() &&
         in.graph().value(held.tensor).shape == held.shape && is_floating(in.type_of(held));
}

/// One index that is an input: a choice for each element.
void update_at_input(Translation& in, const OnnxShape& shape, const OnnxShape& part,
                     std::size_t axis) {
  if (single_axis(shape, part) != axis) {
    refuse("expected a part that is whole along the other axes, got {} of {}", text_of(part),
           text_of(shape));
  }
  Held repeated = in.operand(1);
  repeated.shape = shape;
  if (!shape.empty() && shape.front() > 1) {  // one row for each of a batch is no single one
    repeated = in.plain(in.whole(repeated));
  }
  in.give(in.elementwise("Where",
                         {is_at(in, in.operand(2 + axis), axis, shape), repeated, in.operand(0)}));
}

/// A part of a tensor along one axis at a known place.
void update_along(Translation& in, std::size_t axis, std::int64_t start) {
  Held held = in.all_operands().front();
  if (is_argument(in, held)) {
    ImportNode node;
    node.op = "Update";
    node.domain = "systole";
    node.set("axis", static_cast<std::int64_t>(axis));
    node.set("at", start);
    in.give(in.emit(std::move(node), {held.tensor, in.whole(1)}));
    return;
  }
  if (held.newest != nullptr && held.newest->axis != axis) {
    held = in.operand(0);
  }
  held.newest = std::make_shared<const Piece>(
      Piece{.part = in.operand(1), .axis = axis, .start = start, .older = held.newest});
  in.give(std::move(held));
}

/// The part of a tensor that has a new part's place along the axes before `axis`, all along those
/// behind it, and [first, end) along it.
ImportValueId beside_part(Translation& in, const Integers& starts, const OnnxShape& part,
                          std::size_t axis, std::int64_t first, std::int64_t end) {
  const OnnxShape shape = in.operand(0).shape;
  Integers from = starts;
  Integers to;
  for (std::size_t other = 0; other < shape.size(); ++other) {
    from[other] = other > axis ? 0 : starts[other];
    to.push_back(other > axis ? shape[other] : starts[other] + part[other]);
  }
  from[axis] = first;
  to[axis] = end;
  return in.sliced(in.whole(0), from, to, Integers(shape.size(), 1));
}

/// What stands before the new part, the part, what stands behind it, along each axis in turn.
void translate_dynamic_update_slice(Translation& in) {
  const OnnxShape shape = in.all_operands().at(0).shape;
  const OnnxShape part = in.operand(1).shape;
  if (part.size() != shape.size()) {
    refuse("expected a part of {}, got {}", text_of(shape), text_of(part));
  }
  const auto open = open_axis(in, 2, shape, part);
  const Integers starts = clamped_starts(in, 2, shape, part, open);
  if (elements_of(part) == 0) {
    in.give(in.operand(0));
    return;
  }
  if (open) {
    update_at_input(in, shape, part, *open);
    return;
  }
  if (const auto axis = single_axis(shape, part)) {
    update_along(in, *axis, starts[*axis]);
    return;
  }
  ImportValueId made = in.whole(1);
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    if (part[axis] == shape[axis]) {
      continue;
    }
    std::vector<ImportValueId> parts;
    if (starts[axis] > 0) {
      parts.push_back(beside_part(in, starts, part, axis, 0, starts[axis]));
    }
    parts.push_back(made);
    if (starts[axis] + part[axis] < shape[axis]) {
      parts.push_back(beside_part(in, starts, part, axis, starts[axis] + part[axis], shape[axis]));
    }
    made = in.concatenated(std::move(parts), axis);
  }
  in.give(made);
}

void translate_concatenate(Translation& in) {
  const std::size_t rank = in.operand(0).shape.size();
  const std::size_t axis = Translation::axes(in.integers({"dimension", "dim"}), rank).at(0);
  std::vector<ImportValueId> parts;
  for (std::size_t i = 0; i < in.operands(); ++i) {
    if (in.operand(i).shape.size() == rank && in.operand(i).shape[axis] == 0) {
      continue;
    }
    parts.push_back(in.whole(i));
  }
  if (parts.empty()) {
    parts.push_back(in.whole(0));
  }
  in.give(in.concatenated(std::move(parts), axis));
}

/// Zeros, or whatever it is, between the elements of an axis: another axis, padded and joined.
ImportValueId spread(Translation& in, ImportValueId from, std::size_t axis, std::int64_t between,
                     ImportValueId fill) {
  OnnxShape shape = in.shape_of(from);
  const std::int64_t size = shape[axis];
  OnnxShape wide = shape;
  wide.insert(wide.begin() + static_cast<std::ptrdiff_t>(axis) + 1, 1);
  ImportNode node;
  node.op = "Pad";
  Integers pads(2 * wide.size(), 0);
  pads[wide.size() + axis + 1] = between;
  node.set("pads", pads);
  const ImportValueId padded = in.emit(std::move(node), {in.reshaped(from, wide), kNoValue, fill});
  shape[axis] = size * (between + 1);
  const ImportValueId flat = in.reshaped(padded, shape);
  Integers ends = shape;
  ends[axis] -= between;
  return in.sliced(flat, Integers(shape.size(), 0), ends, Integers(shape.size(), 1));
}

void translate_pad(Translation& in) {
  const OnnxShape shape = in.operand(0).shape;
  const Integers some(shape.size(), 0);
  const Integers low = in.integers({"edge_padding_low", "low"}, some);
  const Integers high = in.integers({"edge_padding_high", "high"}, some);
  const Integers interior = in.integers({"interior_padding", "interior"}, some);
  const ImportValueId fill = in.reshaped(in.whole(1), {});
  ImportValueId made = in.whole(0);
  constexpr std::int64_t kMost = 1 << 20;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (interior[axis] < 0 || interior[axis] > kMost || std::abs(low[axis]) > kMost ||
        std::abs(high[axis]) > kMost) {
      refuse("expected pads of at most {}, got {}, {} and {}", kMost, text_of(low), text_of(high),
             text_of(interior));
    }
    if (interior[axis] > 0 && shape[axis] > 1) {
      made = spread(in, made, axis, interior[axis], fill);
    }
  }
  Integers pads = low;
  pads.insert(pads.end(), high.begin(), high.end());
  if (std::any_of(pads.begin(), pads.end(), [](std::int64_t size) { return size != 0; })) {
    ImportNode node;
    node.op = "Pad";
    node.set("pads", pads);
    made = in.emit(std::move(node), {made, kNoValue, fill});
  }
  in.give(made);
}

void translate_reverse(Translation& in) {
  const OnnxShape shape = in.operand(0).shape;
  Integers starts(shape.size(), 0);
  Integers ends = shape;
  Integers steps(shape.size(), 1);
  for (const std::size_t axis :
       Translation::axes(in.integers({"dimensions", "dims"}), shape.size())) {
    starts[axis] = -1;
    ends[axis] = -shape[axis] - 1;
    steps[axis] = -1;
  }
  in.give(in.sliced(in.whole(0), starts, ends, steps));
}

// --- gather ---

struct GatherAxes {
  std::vector<std::size_t> offset;     ///< axes of the result that come from the operand
  std::vector<std::size_t> collapsed;  ///< axes of the operand that vanish
  std::vector<std::size_t> start;      ///< axes of the operand that indices choose along
  std::size_t vector = 0;              ///< axis of the indices that holds one for each of those
};

GatherAxes gather_axes(Translation& in) {
  const HloAttribute* numbers = in.attribute({"dimension_numbers"});
  const std::size_t operand = in.operand(0).shape.size();
  const std::size_t indices = in.operand(1).shape.size();
  const auto listed = [&](std::string_view key) {
    const HloAttribute* found = numbers == nullptr ? nullptr : numbers->field(key);
    return found == nullptr ? Integers{} : found->integers().value_or(Integers{});
  };
  if (!listed("operand_batching_dims").empty()) {
    refuse("expected indices that choose from the whole tensor, got such of each part of a batch");
  }
  GatherAxes axes{.offset = Translation::axes(listed("offset_dims"), in.result_shape().size()),
                  .collapsed = Translation::axes(listed("collapsed_slice_dims"), operand),
                  .start = Translation::axes(listed("start_index_map"), operand)};
  const Integers vector = listed("index_vector_dim");
  const std::int64_t at = vector.empty() ? 0 : vector.front();
  if (at < 0 || at > static_cast<std::int64_t>(indices)) {
    refuse("expected an axis of {}, got {}", text_of(in.operand(1).shape), at);
  }
  axes.vector = static_cast<std::size_t>(at);
  return axes;
}

/// The indices of one part, wherever they stand in the file: a slice.
void gather_one(Translation& in, const GatherAxes& axes, const Integers& sizes) {
  const OnnxShape& shape = in.operand(0).shape;
  const Integers index = in.known_integers(in.operand(1), "indices of several axes");
  Integers starts(shape.size(), 0);
  for (std::size_t i = 0; i < axes.start.size(); ++i) {
    const std::size_t axis = axes.start[i];
    starts[axis] = std::clamp<std::int64_t>(index.at(i), 0, shape[axis] - sizes[axis]);
  }
  Integers ends;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    ends.push_back(starts[axis] + sizes[axis]);
  }
  const ImportValueId part = in.sliced(in.whole(0), starts, ends, Integers(shape.size(), 1));
  in.give(in.reshaped(in.plain(part), in.result_shape()));
}

/// Whether parts are whole along all axes but the one that indices choose along, one element each.
bool takes_rows(const GatherAxes& axes, const OnnxShape& shape, const Integers& sizes) {
  if (axes.start.size() != 1 || axes.collapsed != axes.start) {
    return false;
  }
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
    if (sizes[axis] != (axis == axes.start.front() ? 1 : shape[axis])) {
      return false;
    }
  }
  return true;
}

/// Axes of `rows`: those of the operand before the one chosen along, those of the indices, those
/// behind. The result has those of the operand at the offsets, the others where there is room.
std::vector<std::size_t> gathered_order(const Translation& in, const GatherAxes& axes,
                                        ImportValueId rows, std::size_t places) {
  const std::size_t axis = axes.start.front();
  const std::size_t rank = in.result_shape().size();
  std::vector<std::size_t> order;
  std::size_t next_offset = 0;
  std::size_t next_place = 0;
  for (std::size_t i = 0; i < rank; ++i) {
    const bool is_offset =
        std::find(axes.offset.begin(), axes.offset.end(), i) != axes.offset.end();
    order.push_back(is_offset ? (next_offset < axis ? next_offset : next_offset + places)
                              : axis + next_place);
    (is_offset ? next_offset : next_place) += 1;
  }
  if (order.size() != in.shape_of(rows).size() || next_place != places) {
    refuse("expected a result of {} axes, got {}", in.shape_of(rows).size(), rank);
  }
  return order;
}

/// Rows of a table, along one axis.
void translate_gather(Translation& in) {
  const GatherAxes axes = gather_axes(in);
  const Held& from = in.operand(0);
  const Held& indices = in.operand(1);
  static_cast<void>(in.result_shape());
  const Integers sizes = in.integers({"slice_sizes"}, Integers(from.shape.size(), 1));
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
    if (sizes[axis] < 0 || sizes[axis] > from.shape[axis]) {
      refuse("expected a part of {}, got {}", text_of(from.shape), text_of(sizes));
    }
  }
  const bool has_vector = axes.vector < indices.shape.size();
  const std::int64_t vectors =
      elements_of(indices.shape) /
      (has_vector ? std::max<std::int64_t>(indices.shape[axes.vector], 1) : 1);
  if (!takes_rows(axes, from.shape, sizes)) {
    if (vectors != 1) {
      refuse(
          "expected indices along one axis, the others whole, or a single part, got parts of {} "
          "from {}",
          text_of(sizes), text_of(from.shape));
    }
    gather_one(in, axes, sizes);
    return;
  }
  OnnxShape places = indices.shape;
  if (has_vector) {
    places.erase(places.begin() + static_cast<std::ptrdiff_t>(axes.vector));
  }
  const ImportValueId index =
      in.reshaped(without_wrap(in, in.whole(in.reshaped(indices, places))), places);
  const std::size_t axis = axes.start.front();
  ImportNode node;
  node.op = "Gather";
  node.set("axis", static_cast<std::int64_t>(axis));
  const ImportValueId rows = in.emit(std::move(node), {in.whole(0), index});
  in.give(in.transposed(rows, gathered_order(in, axes, rows, places.size())));
}

void translate_scatter(Translation& /*in*/) {
  refuse("expected a part that has one place (dynamic_update_slice), got a scatter of several");
}

constexpr auto kMovementRules = std::to_array<Rule>({
    {"broadcast_in_dim", translate_broadcast_in_dim},
    {"concatenate", translate_concatenate},
    {"constant", translate_constant},
    {"dynamic_slice", translate_dynamic_slice},
    {"dynamic_update_slice", translate_dynamic_update_slice},
    {"gather", translate_gather},
    {"iota", translate_iota},
    {"pad", translate_pad},
    {"reshape", translate_reshape},
    {"reverse", translate_reverse},
    {"scatter", translate_scatter, true},
    {"slice", translate_slice},
    {"transpose", translate_transpose},
});

}  // namespace

std::span<const Rule> movement_rules() {
  return kMovementRules;
}

}  // namespace systole::stablehlo
