#include "compiler/frontend/onnx/lower/lowering.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "arch/diag/printable.h"
#include "compiler/frontend/onnx/lower/families.h"
#include "compiler/frontend/onnx/operator_names.h"
#include "compiler/frontend/onnx/spell/spelling.h"

namespace systole {

/// The axes of an image as memory holds them: images, rows, columns, ..., channels.
Axes channels_last(std::size_t rank) {
  Axes order{0};
  for (std::size_t axis = 2; axis < rank; ++axis) {
    order.push_back(axis);
  }
  if (rank > 1) {
    order.push_back(1);
  }
  return order;
}

Extents in_order(const OnnxShape& shape, const Axes& order) {
  if (order.size() > kMaxRank) {
    refuse("expected a tensor of at most {} axes, got {}", kMaxRank, order.size());
  }
  Extents extents;
  if (order.empty()) {
    return {1};
  }
  for (const std::size_t axis : order) {
    extents.push_back(shape[axis]);
  }
  return extents;
}

Axes plain_order(std::size_t rank) {
  Axes order(rank);
  for (std::size_t axis = 0; axis < rank; ++axis) {
    order[axis] = axis;
  }
  return order;
}

std::vector<std::int64_t> counting(std::int64_t count, std::int64_t first, std::int64_t step) {
  constexpr std::int64_t kMost = 1 << 24;
  if (count > kMost) {
    refuse("expected a copy along an axis of at most {} elements, got {}", kMost, count);
  }
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = 0; i < count; ++i) {
    numbers.push_back(first + i * step);
  }
  return numbers;
}

Picks every(const OnnxShape& shape) {
  Picks picks;
  for (const std::int64_t size : shape) {
    picks.push_back(counting(size));
  }
  return picks;
}

Axes plain_ending_in(std::size_t rank, std::size_t last) {
  Axes order = plain_order(rank);
  order.erase(order.begin() + static_cast<std::ptrdiff_t>(last));
  order.push_back(last);
  return order;
}

namespace {

Axes order_of(InputOrder inputs, std::size_t rank) {
  const bool last = ((inputs == InputOrder::Images || inputs == InputOrder::Rows) && rank == 4) ||
                    (inputs == InputOrder::Rows && rank == 3);
  return last ? channels_last(rank) : plain_order(rank);
}

/// Rows and columns of so many pixels, both within what images may have.
std::optional<std::pair<std::int64_t, std::int64_t>> rows_and_cols(std::int64_t pixels) {
  for (std::int64_t cols = std::min(pixels, kMaxSize); cols >= 1; --cols) {
    if (pixels % cols == 0) {
      return pixels / cols <= kMaxSize ? std::optional(std::pair(pixels / cols, cols))
                                       : std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace

GraphTensorId Lowering::viewed(GraphTensorId tensor, const Extents& whole, FirstAxis first) {
  const TensorType type = builder_.graph().tensor(tensor).type;
  const bool joins = first == FirstAxis::Any && type.extents.front() == 1 && whole.front() != 1 &&
                     type.extents.size() > 1;
  Extents extents = joins ? Extents{1} : Extents{};
  for (std::size_t axis = 0; axis < whole.size(); ++axis) {
    if (joins && whole.size() == kMaxRank && axis == 1) {
      extents.back() *= whole[axis];
    } else {
      extents.push_back(whole[axis]);
    }
  }
  TensorType wanted{.element = type.element, .extents = extents};
  if (type.extents == extents || image_of(type) == image_of(wanted)) {
    return tensor;
  }
  if (extents.size() == 2 && extents.front() == image_of(type).batch) {
    return builder_.add({.name = tensor_name(node_->name + ".flatten"),
                         .kind = "flatten",
                         .op = Flatten{},
                         .inputs = {tensor},
                         .before = {},
                         .output = {},
                         .output_name = {}},
                        place(), {});
  }
  if (extents.size() > 1 && type.extents.size() > 1 && extents.front() == type.extents.front()) {
    return builder_.add({.name = tensor_name(node_->name + ".reshape"),
                         .kind = "reshape",
                         .op = ReshapeTensor{.extents = {extents.begin() + 1, extents.end()}},
                         .inputs = {tensor},
                         .before = {},
                         .output = {},
                         .output_name = {}},
                        place(), {});
  }
  refuse("expected a tensor of {}, got {}, of which there is no view",
         text_of(OnnxShape(extents.begin(), extents.end())),
         text_of(OnnxShape(type.extents.begin(), type.extents.end())));
}

GraphTensorId Lowering::exactly(GraphTensorId tensor, const Extents& extents) {
  const GraphTensorId seen = viewed(tensor, extents);
  return builder_.graph().tensor(seen).type.extents == extents
             ? seen
             : add_before(ReshapeTensor{.extents = {extents.begin() + 1, extents.end()}}, "reshape",
                          {seen});
}

void Lowering::refuse_order(const Layout& layout) {
  refuse(
      "expected a tensor of {} whose order in memory is that of its axes, got one that a "
      "transpose would have to reorder",
      text_of(layout.shape()));
}

GraphTensorId Lowering::ordered(const Held& from, const Axes& order, FirstAxis first) {
  const OnnxShape shape = from.layout.shape();
  if (from.layout.is_ordered(order)) {
    return viewed(from.tensor, in_order(shape, order), first);
  }
  if (!choice_.moves) {
    refuse_order(from.layout);
  }
  return viewed(moved(from, every(shape), order).tensor, in_order(shape, order), first);
}

namespace {

/// Places in memory of what is picked along one axis.
std::vector<std::int64_t> places_of(const std::vector<std::int64_t>& picks,
                                    const std::vector<Layout::Step>& steps) {
  std::vector<std::int64_t> places;
  for (const std::int64_t pick : picks) {
    std::int64_t place = pick == MapAxis::kFilled ? MapAxis::kFilled : 0;
    std::int64_t rest = pick;
    for (auto step = steps.rbegin(); pick != MapAxis::kFilled && step != steps.rend(); ++step) {
      place += rest % step->size * step->stride;
      rest /= step->size;
    }
    places.push_back(place);
  }
  return places;
}

bool is_whole(const std::vector<std::int64_t>& places, std::int64_t stride) {
  return places == counting(static_cast<std::int64_t>(places.size()), 0, stride);
}

/// Elements that are copied in one piece wherever they come from: the largest part of `chunk` that
/// all places are multiples of.
std::int64_t common_part(const std::vector<std::vector<std::int64_t>>& places, std::int64_t chunk,
                         std::int64_t image) {
  std::int64_t common = std::gcd(chunk, image);
  for (const auto& axis : places) {
    for (const std::int64_t place : axis) {
      common = place == MapAxis::kFilled ? common : std::gcd(common, place);
    }
  }
  return common;
}

/// Refuses what no map can say, before a text of it is made.
void check_map(const std::vector<std::vector<std::int64_t>>& places) {
  constexpr std::int64_t kMostPixels = std::int64_t{1} << 26;
  std::int64_t pixels = 1;
  for (const auto& axis : places) {
    pixels *= std::ssize(axis);
    if (pixels > kMostPixels) {
      refuse("expected a map of 1..2^26 pixels, got more");
    }
  }
}

/// Places in parts of so many elements.
std::vector<MapAxis> axes_of(const std::vector<std::vector<std::int64_t>>& places,
                             std::int64_t part) {
  std::vector<MapAxis> axes;
  for (const auto& axis : places) {
    MapAxis& to = axes.emplace_back();
    for (const std::int64_t place : axis) {
      to.indices.push_back(place == MapAxis::kFilled ? place : place / part);
    }
  }
  return axes;
}

}  // namespace

Held Lowering::moved(const Held& from, const Picks& picks, const Axes& order, double fill,
                     std::optional<std::size_t> output) {
  const Extents extents = builder_.graph().tensor(from.tensor).type.extents;
  const std::int64_t total = builder_.graph().tensor(from.tensor).type.elements();
  OnnxShape shape;
  for (const auto& pick : picks) {
    shape.push_back(static_cast<std::int64_t>(pick.size()));
  }
  Layout layout = Layout::ordered(shape, order);
  std::vector<std::vector<std::int64_t>> places;  // by axis of the new memory
  for (const std::size_t axis : order) {
    places.push_back(places_of(picks[axis], from.layout.steps(axis)));
  }
  const std::int64_t images = extents.size() > 1 ? extents.front() : 1;
  const std::int64_t image = total / images;
  if (images > 1) {
    if (places.empty() || static_cast<std::int64_t>(places.front().size()) != images ||
        !is_whole(places.front(), image)) {
      refuse("expected a copy within the images of a batch, got one that mixes {} of them", images);
    }
    places.erase(places.begin());
  }
  std::erase_if(places, [](const auto& axis) { return axis.size() == 1 && axis.front() == 0; });
  std::int64_t chunk = 1;
  while (!places.empty() && is_whole(places.back(), chunk)) {
    chunk *= static_cast<std::int64_t>(places.back().size());
    places.pop_back();
  }
  if (places.empty() && chunk == image) {  // as it is
    Held same{.tensor = from.tensor, .layout = std::move(layout)};
    if (output) {
      hold(same, *output);
    }
    return same;
  }
  const std::int64_t common = common_part(places, chunk, image);
  if (common < chunk) {
    places.push_back(counting(chunk / common, 0, common));
  }
  if (places.empty()) {
    places.push_back({0});  // the first part
  }
  check_map(places);
  const auto pixels = rows_and_cols(image / common);
  if (!pixels) {
    refuse("expected a tensor that can be copied in parts of {} elements, got one of {}", common,
           total);
  }
  const GraphTensorId seen = viewed(from.tensor, {images, pixels->first, pixels->second, common});
  Rearrange op;
  op.map = text_of(axes_of(places, common));
  op.fill = fill;
  if (output) {
    const GraphTensorId made = add(std::move(op), "rearrange", {seen}, layout, *output);
    return {.tensor = made, .layout = std::move(layout)};
  }
  return {.tensor = add_before(std::move(op), "rearrange", {seen}), .layout = std::move(layout)};
}

bool Lowering::is_read(std::size_t output) const {
  const ImportValueId value = output < node_->outputs.size() ? node_->outputs[output] : kNoValue;
  return value != kNoValue &&
         (graph_.is_output(value) ||
          std::any_of(graph_.nodes.begin(), graph_.nodes.end(), [&](const ImportNode& node) {
            return std::find(node.inputs.begin(), node.inputs.end(), value) != node.inputs.end();
          }));
}

GraphTensorId Lowering::ordered_but_last(std::size_t input, const Axes& order) {
  const Held& from = held(input);
  if (!from.layout.is_ordered_but_last(order)) {
    return ordered(input, order);
  }
  return viewed(from.tensor, in_order(from.layout.shape(), order));
}

FusedActivation Lowering::activation() const {
  const auto kind = value_named<ActivationKind>(node_->text("activation", "none"));
  return {.kind = kind.value_or(ActivationKind::None), .before = {}};
}

std::string Lowering::tensor_name(const std::string& wanted) {
  std::string name = wanted;
  for (int number = 2; !tensor_names_.insert(name).second; ++number) {
    name = fmt::format("{}_{}", wanted, number);
  }
  return name;
}

GraphTensorId Lowering::add_before(Op op, std::string_view kind,
                                   std::vector<GraphTensorId> inputs) {
  const GraphTensorId tensor =
      builder_.add({.name = tensor_name(fmt::format("{}.{}", node_->name, kind)),
                    .kind = std::string(kind),
                    .op = std::move(op),
                    .inputs = std::move(inputs),
                    .before = {},
                    .output = {},
                    .output_name = {}},
                   place(), [](const Graph&, const Node&) { return 1.0; });
  node_inputs_ = builder_.graph().nodes.back().inputs;
  return tensor;
}

std::optional<Axes> Lowering::order_of_memory(const Held& held) const {
  const OnnxShape shape = held.layout.shape();
  const Extents& extents = builder_.graph().tensor(held.tensor).type.extents;
  for (const Axes& order : {channels_last(shape.size()), plain_order(shape.size())}) {
    if (!shape.empty() && held.layout.is_ordered(order) && in_order(shape, order) == extents) {
      return order;
    }
  }
  return held.layout.axis_order();
}

GraphTensorId Lowering::beside(const Held& from, const OnnxShape& large, const Axes& order) {
  OnnxShape shape(large.size() - from.layout.rank(), 1);
  const OnnxShape own = from.layout.shape();
  shape.insert(shape.end(), own.begin(), own.end());
  const auto layout = from.layout.reshaped(shape);
  if (!layout || !layout->is_ordered(order)) {
    refuse_order(from.layout);
  }
  const Extents some = in_order(shape, order);
  const Extents all = in_order(large, order);
  // In a single image, parts of it do not repeat.
  const std::int64_t images = builder_.graph().tensor(from.tensor).type.extents.front();
  const bool batch = all.size() == 1 ||
                     (some.front() == all.front() && (all.front() == 1 || images == all.front()));
  const auto middle = [](const Extents& extents) {
    return extents.size() < 2 ? Extents{} : Extents(extents.begin() + 1, extents.end() - 1);
  };
  const Extents pixels = middle(some);
  const bool single =
      std::all_of(pixels.begin(), pixels.end(), [](std::int64_t size) { return size == 1; });
  if (!batch || (!single && pixels != middle(all)) ||
      (some.back() != 1 && some.back() != all.back())) {
    refuse(
        "expected inputs of one shape, or one with a single pixel for each of the batch or a "
        "single "
        "channel, got {} and {}",
        text_of(large), text_of(own));
  }
  return viewed(from.tensor, some, FirstAxis::Any);
}

GraphTensorId Lowering::add(Op op, std::string_view kind, std::vector<GraphTensorId> inputs,
                            Layout layout, std::size_t output) {
  const std::string name = output == 0 ? node_->name : fmt::format("{}.{}", node_->name, output);
  const GraphTensorId tensor =
      builder_.add({.name = name,
                    .kind = std::string(kind),
                    .op = std::move(op),
                    .inputs = std::move(inputs),
                    .before = {},
                    .output = {},
                    .output_name = tensor_name(graph_.value(node_->outputs[output]).name)},
                   place(), [](const Graph&, const Node&) { return 1.0; });
  node_inputs_ = builder_.graph().nodes.back().inputs;
  const std::int64_t elements = builder_.graph().tensor(tensor).type.elements();
  SYSTOLE_CHECK(elements == elements_of(layout.shape()), "{}: {} elements as {}", node_->name,
                elements, text_of(layout.shape()));
  layouts_.insert_or_assign(tensor, layout);
  hold({.tensor = tensor, .layout = std::move(layout)}, output);
  if (node_->before) {
    result_.quantization.before.emplace(tensor, *node_->before);
  }
  return tensor;
}

void Lowering::keep_weight_scales(std::size_t input, std::size_t axis) {
  const auto& scales = graph_.value(node_->input(input)).scales;
  if (!scales) {
    return;
  }
  const GraphTensorId weights = node_inputs_.at(kWeightsInput);
  const Node& made = builder_.graph().nodes.back();
  const std::int64_t channels = builder_.graph().tensor(made.output()).type.extents.back();
  if (scales->scales.size() == 1) {
    result_.quantization.weights.emplace(weights, WeightScales(scales->scales.front()));
  } else if (scales->axis == axis && static_cast<std::int64_t>(scales->scales.size()) == channels) {
    result_.quantization.weights.emplace(weights, WeightScales(scales->scales));
  }
}

void Lowering::set_numbers(std::size_t node_input, ParameterNumbers numbers) {
  result_.parameters.insert_or_assign(node_inputs_.at(node_input), std::move(numbers));
}

Kernel kernel_of(const ImportWindow& window) {
  if (window.kernel.size() > 2) {
    refuse("expected an image of rows and columns, got one of {} axes", window.kernel.size());
  }
  const bool flat = window.kernel.size() == 1;  // one column
  const std::size_t last = flat ? 0 : 1;
  return {.rows = window.kernel[0],
          .cols = flat ? 1 : window.kernel[last],
          .stride_rows = window.strides[0],
          .stride_cols = flat ? 1 : window.strides[last],
          .pad_top = window.pads_before[0],
          .pad_bottom = window.pads_after[0],
          .pad_left = flat ? 0 : window.pads_before[last],
          .pad_right = flat ? 0 : window.pads_after[last],
          .dilation_rows = window.dilations[0],
          .dilation_cols = flat ? 1 : window.dilations[last]};
}

/// An order in which memory holds whole axes, `last` behind the others: that of an image, that of
/// the file, or any.
std::optional<Axes> order_ending_in(const Layout& layout, std::size_t last) {
  if (layout.rank() == 0) {
    return std::nullopt;
  }
  for (const Axes& order : {channels_last(layout.rank()), plain_order(layout.rank())}) {
    if (order.back() == last && layout.is_ordered(order)) {
      return order;
    }
  }
  auto order = layout.axis_order();
  if (order && layout.shape()[last] == 1) {
    order->erase(std::find(order->begin(), order->end(), last));
    order->push_back(last);
  }
  return order && order->back() == last ? order : std::nullopt;
}

// --- the walk ---

Place Lowering::place_of(std::string_view role, const ImportValue& value) const {
  Place where;
  where.location.file = graph_.file;
  where.path = fmt::format("{} {}", role, in_quotes(value.name));
  return where;
}

LoweredGraph Lowering::run() {
  add_inputs();
  lower_nodes();
  if (result_.refusals.empty()) {
    add_outputs();
    result_.graph = std::move(builder_).take();
    check_states(result_.graph);
    finish();
  }
  return std::move(result_);
}

void Lowering::add_inputs() {
  for (const ImportValueId id : graph_.inputs) {
    const ImportValue& value = graph_.value(id);
    const Place where = place_of("input", value);
    if (!is_floating(value.type) && !is_integral(value.type)) {
      where.fail(fmt::format("expected an input of numbers, got {}", name_of(value.type)));
    }
    const bool single = choice_.inputs == InputOrder::Single && !value.shape->empty();
    if (value.shape->size() + (single ? 1 : 0) > kMaxRank) {
      where.fail(fmt::format("expected 0..{} axes, got {}", kMaxRank, value.shape->size()));
    }
    if (value.cache) {
      add_state(id, where);
      continue;
    }
    // An image comes with its channels last, as it is computed on.
    const std::size_t rank = value.shape->size();
    const Axes order = order_of(choice_.inputs, rank);
    TensorType type{.element = type_, .extents = in_order(*value.shape, order)};
    if (single) {
      type.extents.insert(type.extents.begin(), 1);
    }
    const GraphTensorId tensor = builder_.add_input(tensor_name(value.name), type, {}, where);
    note_quantization(value, tensor);
    if (value.is_stored_input) {
      result_.stored_inputs.emplace(
          builder_.graph().tensor(tensor).name,
          StoredInput{.type = *value.stored, .quantization = *value.quantization});
    }
    if (is_integral(value.type)) {
      result_.whole_inputs.emplace(builder_.graph().tensor(tensor).name, value.type);
    }
    const Layout layout = Layout::ordered(*value.shape, order);
    layouts_.insert_or_assign(tensor, layout);
    held_.insert_or_assign(id, Held{.tensor = tensor, .layout = layout});
  }
}

void Lowering::add_state(ImportValueId id, const Place& where) {
  const ImportValue& value = graph_.value(id);
  const auto& [shape, order] = *value.cache;
  TensorType type{.element = type_, .extents = in_order(shape, order)};
  const std::size_t rank = shape.size();
  const std::int64_t images = choice_.inputs == InputOrder::Single ? 1 : shape.front();
  const Extents rows(type.extents.end() - 2, type.extents.end());
  const std::int64_t heads = elements_of(shape) / (images * rows[0] * rows[1]);
  type.extents =
      heads == 1 ? Extents{images, rows[0], rows[1]} : Extents{images, heads, rows[0], rows[1]};
  const GraphTensorId tensor = builder_.add_state(tensor_name(value.name), type, {}, where);
  const Layout layout = Layout::ordered(shape, order);
  result_.caches.emplace(builder_.graph().tensor(tensor).name,
                         StoredCache{.given = *value.shape,
                                     .held = shape,
                                     .tokens = order[rank - 2],
                                     .order = layout.file_order()});
  held_.insert_or_assign(id, Held{.tensor = tensor, .layout = layout});
}

GraphTensorId Lowering::table(std::size_t input, const Extents& extents) {
  const ImportValue& value = graph_.value(node_->input(input));
  const GraphTensorId tensor =
      builder_.add_state(tensor_name(value.name), {.element = type_, .extents = extents}, {},
                         place_of("table", value));
  result_.parameters.insert_or_assign(tensor, [from = *value.constant] { return from.floats(); });
  result_.indices.insert(graph_.value(node_->input(1)).name);
  return tensor;
}

void Lowering::lower_nodes() {
  for (const ImportNode& node : graph_.nodes) {
    node_ = &node;
    const bool known =
        std::all_of(node.inputs.begin(), node.inputs.end(), [&](ImportValueId input) {
          return input == kNoValue || held_.count(input) > 0 || graph_.constant(input) != nullptr ||
                 graph_.value(input).indices;
        });
    const bool has_rule = lower_rule_of(node.full_op()) != nullptr ||
                          onnx_spelling::spell_rule_of(node.full_op()) != nullptr ||
                          number_function_of(graph_, node);
    if (!has_rule) {
      note(node, "");
      pretend(node);
    } else if (known && graph_.value(node.outputs.front()).shape) {
      const OnnxShape& shape = *graph_.value(node.outputs.front()).shape;
      if (elements_of(shape) == 0) {
        note(node, fmt::format("expected a result with elements, got {}", text_of(shape)));
        continue;
      }
      lower(node);
    }
  }
}

void Lowering::lower(const ImportNode& node) {
  try {
    const LowerRule* rule = lower_rule_of(node.full_op());
    check_integers(rule);
    (rule == nullptr ? lower_rule_of("systole.Function") : rule)->lower(*this);
    check_results(node);
  } catch (const Refused& refused) {
    note(node, refused.what());
    pretend(node);
  } catch (const std::out_of_range&) {  // axes, and constants of no elements
    note(node, "expected axes that its tensors have, and constants with elements, got others");
    pretend(node);
  } catch (const WorkloadError& error) {  // what the layers that it becomes say
    const std::string_view text = error.what();
    const std::size_t reason = text.find("expected ");
    note(node, std::string(reason == std::string_view::npos ? text : text.substr(reason)));
    pretend(node);
  }
}

void Lowering::check_results(const ImportNode& node) const {
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    const ImportValueId result = node.outputs[i];
    if (is_read(i) && held_.count(result) == 0 && graph_.constant(result) == nullptr) {
      refuse("expected a result {} that nobody reads, got readers of {}", i,
             in_quotes(graph_.value(result).name));
    }
  }
}

void Lowering::check_integers(const LowerRule* rule) const {
  if (rule != nullptr && rule->integers == OfIntegers::Stays) {
    return;
  }
  for (const ImportValueId input : node_->inputs) {
    if (input != kNoValue && held_.count(input) > 0 && is_integral(graph_.value(input).type)) {
      refuse("expected floating numbers, got {}, whose results {} would round",
             name_of(graph_.value(input).type), name_of(type_));
    }
  }
}

void Lowering::pretend(const ImportNode& node) {
  for (const ImportValueId output : node.outputs) {
    const ImportValue& value = graph_.value(output);
    const bool possible =
        value.shape && value.shape->size() <= kMaxRank &&
        std::all_of(value.shape->begin(), value.shape->end(),
                    [](std::int64_t size) { return size > 0 && size <= kMaxSize; });
    if (!possible) {
      continue;
    }
    const std::size_t rank = value.shape->size();
    const Axes order = order_of(choice_.inputs, rank);
    const TensorType type{.element = type_, .extents = in_order(*value.shape, order)};
    const GraphTensorId tensor = builder_.add_input(tensor_name(value.name), type, {}, place().op);
    held_.insert_or_assign(output,
                           Held{.tensor = tensor, .layout = Layout::ordered(*value.shape, order)});
  }
}

bool Lowering::is_input(GraphTensorId tensor) const {
  const Graph& graph = builder_.graph();
  while (graph.tensor(tensor).role != GraphTensorRole::Input) {
    const auto found = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                    [&](const Node& node) { return node.output() == tensor; });
    if (found == graph.nodes.end() || !found->is_view()) {
      return false;
    }
    tensor = found->inputs.front();
  }
  return true;
}

GraphTensorId Lowering::copied(GraphTensorId tensor, const ImportValue& value, const Place& where) {
  const Extents& extents = builder_.graph().tensor(tensor).type.extents;
  constexpr std::size_t kMostAxes = 4;
  Op op =
      SliceTensor{.axis = static_cast<std::int64_t>(extents.size()) - 1, .size = extents.back()};
  std::string_view kind = "slice";
  if (extents.size() < 2 || extents.size() > kMostAxes) {
    RowFormula same;
    same.of = "a";
    op = same;
    kind = "formula";
  }
  return builder_.add({.name = tensor_name(value.name),
                       .kind = std::string(kind),
                       .op = std::move(op),
                       .inputs = {tensor},
                       .before = {},
                       .output = {},
                       .output_name = {}},
                      {.op = where, .attributes = {}}, {});
}

void Lowering::add_outputs() {
  std::set<GraphTensorId> done;
  const bool some_output_is_held =
      std::any_of(graph_.outputs.begin(), graph_.outputs.end(),
                  [&](ImportValueId id) { return held_.count(id) > 0 && !graph_.is_cache(id); });
  for (const ImportValueId id : graph_.outputs) {
    const ImportValue& value = graph_.value(id);
    const Place where = place_of("output", value);
    const auto found = held_.find(id);
    if (found == held_.end()) {
      if (some_output_is_held) {
        result_.constant_outputs.push_back(value.name);
        continue;
      }
      where.fail("expected an output that depends on the network's inputs, got a constant");
    }
    GraphTensorId tensor = found->second.tensor;
    if (std::find(graph_.inputs.begin(), graph_.inputs.end(), id) != graph_.inputs.end()) {
      where.fail("expected an output that a node computes, got an input");
    }
    if (graph_.is_cache(id)) {
      continue;  // a state is there behind the run
    }
    if (is_input(tensor)) {
      tensor = copied(tensor, value, where);
      note_quantization(value, tensor);
    }
    if (!done.insert(tensor).second) {
      continue;  // the same numbers by another name
    }
    builder_.add_output(tensor);
    layouts_.insert_or_assign(tensor, found->second.layout);
    output_names_.emplace_back(tensor, value.name);
  }
}

void Lowering::finish() {
  for (const auto& [tensor, name] : output_names_) {
    result_.graph.tensor(tensor).name = name;
  }
  for (const auto& [tensor, layout] : layouts_) {
    const GraphTensor& held = result_.graph.tensor(tensor);
    FileOrder order = layout.file_order();
    const Extents& extents = held.type.extents;
    // Without an order, files have two axes or four.
    const bool usual = extents.size() == 2 || extents.size() == 4;
    const bool same =
        usual && order.sizes.size() < 2 &&
        std::equal(order.shape.begin(), order.shape.end(), extents.begin(), extents.end());
    if (!same) {
      result_.file_orders.emplace(held.name, std::move(order));
    }
  }
  if (is_float(type_)) {
    for (GraphTensor& tensor : result_.graph.tensors) {
      tensor.quantization = {};
    }
    for (Node& node : result_.graph.nodes) {
      if (FusedActivation* fused = activation_of(node.op)) {
        fused->before = {};
      }
    }
  }
}

}  // namespace systole
