#include "compiler/frontend/onnx/lower_graph.h"

#include <algorithm>
#include <array>
#include <exception>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "arch/diag/printable.h"
#include "compiler/frontend/onnx/operator_names.h"
#include "compiler/graph/graph_builder.h"

namespace systole {

namespace {

using Axes = std::vector<std::size_t>;

/// Why a node cannot be lowered.
struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) {
  throw Refused(fmt::format(format, std::forward<Args>(args)...));
}

/// A value of the file in the graph.
struct Held {
  GraphTensorId tensor = 0;
  Layout layout;
};

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
  Extents extents;
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

/// How memory holds the inputs of a network: whoever feeds the chip lays them out.
enum class InputOrder : std::uint8_t {
  Images,  ///< those of four axes with their channels last
  Rows,    ///< those of three too
  Plain    ///< as in files
};

Axes order_of(InputOrder inputs, std::size_t rank) {
  const bool last =
      (inputs != InputOrder::Plain && rank == 4) || (inputs == InputOrder::Rows && rank == 3);
  return last ? channels_last(rank) : plain_order(rank);
}

class Lowering {
 public:
  Lowering(const ImportGraph& graph, DataType type, InputOrder input_order)
      : graph_(graph),
        type_(type),
        input_order_(input_order),
        builder_(graph.name, graph.file, batch_of(graph), QuantizationDefaults{}) {}

  LoweredGraph run();

  // --- what the operators below ask for ---
  [[nodiscard]] const ImportGraph& graph() const { return graph_; }
  [[nodiscard]] const ImportNode& node() const { return *node_; }
  [[nodiscard]] const OnnxShape& shape(std::size_t input) const {
    return *graph_.value(node_->input(input)).shape;
  }
  [[nodiscard]] const OnnxShape& out_shape() const {
    return *graph_.value(node_->outputs.front()).shape;
  }
  [[nodiscard]] const Held& held(std::size_t input) const {
    const auto found = held_.find(node_->input(input));
    if (found == held_.end()) {
      refuse("expected an input that depends on the network's inputs, got the constant {}",
             in_quotes(graph_.value(node_->input(input)).name));
    }
    return found->second;
  }
  [[nodiscard]] const OnnxConstant& constant(std::size_t input, std::string_view what) const {
    const OnnxConstant* found = graph_.constant(node_->input(input));
    if (found == nullptr) {
      refuse("expected {} that stand in the file, got such that depend on inputs", what);
    }
    return *found;
  }
  /// The input as a tensor whose memory holds the axes in this order.
  [[nodiscard]] GraphTensorId ordered(std::size_t input, const Axes& order);
  /// The same where the elements along the last axis may stand in any order.
  [[nodiscard]] GraphTensorId ordered_but_last(std::size_t input, const Axes& order);
  /// Adds the node's operator; one of its outputs is held in this layout.
  GraphTensorId add(Op op, std::string_view kind, std::vector<GraphTensorId> inputs, Layout layout,
                    std::size_t output = 0);
  /// Adds an operator of several that the node becomes, not the last of them.
  GraphTensorId add_before(Op op, std::string_view kind, std::vector<GraphTensorId> inputs);
  /// The tensor, of that layout, beside one of shape `large` whose memory has this order: with a
  /// number for each of its elements, or one for all pixels or all channels.
  GraphTensorId beside(const Held& from, const OnnxShape& large, const Axes& order);
  GraphTensorId viewed(GraphTensorId tensor, const Extents& extents);
  /// The order of memory, if it holds whole axes: that in which the tensor has them, if there is
  /// one.
  [[nodiscard]] std::optional<Axes> order_of_memory(const Held& held) const;
  /// The output is the input's memory by another name.
  void alias(Layout layout) { hold({.tensor = held(0).tensor, .layout = std::move(layout)}); }
  void set_numbers(std::size_t node_input, ParameterNumbers numbers);
  [[nodiscard]] FusedActivation activation() const;
  [[noreturn]] static void refuse_order(const Layout& layout);

 private:
  static std::int64_t batch_of(const ImportGraph& graph) {
    if (graph.inputs.empty() || graph.value(graph.inputs.front()).shape->empty()) {
      return 1;
    }
    return graph.value(graph.inputs.front()).shape->front();
  }
  void add_inputs();
  void lower_nodes();
  void lower(const ImportNode& node);
  void add_outputs();
  /// A graph that is of no use goes on, so that other nodes are looked at.
  void pretend(const ImportNode& node);
  void hold(Held held, std::size_t output = 0) {
    held_.insert_or_assign(node_->outputs[output], std::move(held));
  }
  /// Whether it is an input of the network by this name or another.
  [[nodiscard]] bool is_input(GraphTensorId tensor) const;
  /// A layer that copies: what the network gives out is computed.
  GraphTensorId copied(GraphTensorId tensor, const ImportValue& value, const Place& where);
  void finish();
  [[nodiscard]] std::string tensor_name(const std::string& wanted);
  [[nodiscard]] OpPlace place() const {
    return {.op = {.location = {.file = graph_.file}, .path = printable(node_->name)},
            .attributes = {}};
  }
  [[nodiscard]] Place place_of(std::string_view role, const ImportValue& value) const;
  void note(const ImportNode& node, std::string reason) {
    result_.refusals.push_back(
        {.node = node.name, .op = node.full_op(), .reason = std::move(reason)});
  }

  const ImportGraph& graph_;
  DataType type_;
  InputOrder input_order_;
  GraphBuilder builder_;
  LoweredGraph result_;
  std::map<ImportValueId, Held> held_;
  const ImportNode* node_ = nullptr;
  std::vector<GraphTensorId> node_inputs_;
  std::set<std::string> tensor_names_;
  std::map<GraphTensorId, Layout> layouts_;
  std::vector<std::pair<GraphTensorId, std::string>> output_names_;
};

GraphTensorId Lowering::viewed(GraphTensorId tensor, const Extents& extents) {
  const TensorType& type = builder_.graph().tensor(tensor).type;
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

void Lowering::refuse_order(const Layout& layout) {
  refuse(
      "expected a tensor of {} whose order in memory is that of its axes, got one that a "
      "transpose would have to reorder",
      text_of(layout.shape()));
}

void check_rank(const Layout& layout) {
  if (layout.rank() > kMaxRank) {
    refuse("expected a tensor of at most {} axes, got {}", kMaxRank, layout.rank());
  }
}

GraphTensorId Lowering::ordered(std::size_t input, const Axes& order) {
  const Held& from = held(input);
  check_rank(from.layout);
  if (!from.layout.is_ordered(order)) {
    refuse_order(from.layout);
  }
  return viewed(from.tensor, in_order(from.layout.shape(), order));
}

GraphTensorId Lowering::ordered_but_last(std::size_t input, const Axes& order) {
  const Held& from = held(input);
  check_rank(from.layout);
  if (!from.layout.is_ordered_but_last(order)) {
    refuse_order(from.layout);
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
  return builder_.add({.name = tensor_name(fmt::format("{}.{}", node_->name, kind)),
                       .kind = std::string(kind),
                       .op = std::move(op),
                       .inputs = std::move(inputs),
                       .before = {},
                       .output = {},
                       .output_name = {}},
                      place(), {});
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
  const bool batch = all.size() == 1 || some.front() == all.front();
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
  return viewed(from.tensor, some);
}

GraphTensorId Lowering::add(Op op, std::string_view kind, std::vector<GraphTensorId> inputs,
                            Layout layout, std::size_t output) {
  const GraphTensorId tensor =
      builder_.add({.name = node_->name,
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
  return tensor;
}

void Lowering::set_numbers(std::size_t node_input, ParameterNumbers numbers) {
  result_.parameters.insert_or_assign(node_inputs_.at(node_input), std::move(numbers));
}

// --- the operators ---

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

/// Memory of an image of one column is that of one of rows and columns.
OnnxShape with_columns(OnnxShape shape) {
  if (shape.size() == 3) {
    shape.push_back(1);
  }
  return shape;
}

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
  const Layout inner = groups == 1 ? from.axis(1) : Layout::plain({weights.shape()[1]});
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
  const Layout inner = from.axis(order.back());
  GraphTensorId input = 0;
  const std::int64_t columns = weights.shape()[1];
  input = in.ordered_but_last(0, order);
  const WeightInfo info{.bias = biased, .batch_norm = false};
  if (shape.size() == 2) {
    in.add(Dense{.weights = info, .activation = in.activation(), .features = columns}, "dense",
           {input}, Layout::plain(in.out_shape()));
  } else {
    // Rows of features, as pixels with channels.
    in.add(Conv2d{.weights = info, .activation = in.activation(), .channels = columns}, "conv2d",
           {input}, Layout::plain(in.out_shape()));
  }
  in.set_numbers(kWeightsInput, [weights, inner] {
    const std::vector<float> numbers = weights.floats();
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
    const std::vector<float> biases = in.constant(2, "biases").floats();
    in.set_numbers(kBiasesInput, [biases] { return biases; });
  }
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

void lower_function(Lowering& in) {
  const auto kind = number_function_of(in.graph(), in.node());
  if (!kind && in.node().op == "Clip") {
    refuse("expected limits of 0 and infinity, or of 0 and 6, got others");
  }
  if (!kind) {
    refuse("expected a function with its usual parameters, got others");
  }
  const Held from = in.held(0);
  in.add(Activate{.activation = {.kind = *kind, .before = {}}}, name_of(*kind), {from.tensor},
         from.layout);
}

void lower_add(Lowering& in) {
  const std::size_t count = in.node().inputs.size();
  Held sum = in.held(0);
  for (std::size_t i = 1; i < count; ++i) {
    const Held next = in.held(i);
    if (in.shape(0) != in.shape(i)) {
      refuse("expected inputs of one shape, got {} and {}", text_of(in.shape(0)),
             text_of(in.shape(i)));
    }
    if (!(sum.layout == next.layout)) {
      Lowering::refuse_order(next.layout);
    }
    if (i + 1 == count) {
      in.add(AddTensors{.activation = in.activation()}, "add", {sum.tensor, next.tensor},
             sum.layout);
    } else {
      sum.tensor = in.add_before(AddTensors{}, "add", {sum.tensor, next.tensor});
    }
  }
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

void lower_concat(Lowering& in) {
  const std::size_t axis = axis_of(in.node().integer("axis", 1), in.shape(0).size());
  std::optional<Axes> order;
  for (std::size_t i = 0; i < in.node().inputs.size(); ++i) {
    if (!order || in.shape(i)[axis] > 1) {
      order = order_ending_in(in.held(i).layout, axis);
    }
    if (!order) {
      Lowering::refuse_order(in.held(i).layout);
    }
  }
  std::vector<GraphTensorId> inputs;
  for (std::size_t i = 0; i < in.node().inputs.size(); ++i) {
    inputs.push_back(in.ordered(i, *order));
  }
  in.add(Concat{}, "concat", std::move(inputs), Layout::ordered(in.out_shape(), *order));
}

/// Softmax or its logarithm.
void lower_softmax(Lowering& in) {
  const OnnxShape& shape = in.shape(0);
  const bool flattens = in.graph().opset < 13;
  const std::size_t axis =
      axis_of(in.node().integer("axis", flattens ? 1 : -1), std::max<std::size_t>(shape.size(), 1));
  if (flattens && elements_of(OnnxShape(shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1,
                                        shape.end())) != 1) {
    refuse("expected a softmax along one axis, got one along several");
  }
  const Held from = in.held(0);
  const auto order = order_ending_in(from.layout, axis);
  if (!order) {
    Lowering::refuse_order(from.layout);
  }
  const GraphTensorId input = in.ordered(0, *order);
  const Layout layout = Layout::ordered(in.out_shape(), *order);
  if (in.node().op == "Softmax") {
    in.add(SoftmaxChannels{}, "softmax", {input}, layout);
    return;
  }
  // x - max - log(sum(exp(x - max))): nothing is too large, and no logarithm is of 0.
  const GraphTensorId largest =
      in.add_before(ReduceRows{.kind = ReduceKind::Largest}, "reduce_max", {input});
  const CombineTensors subtract{.kind = PairKind::Subtract};
  const GraphTensorId shifted = in.add_before(subtract, "sub", {input, largest});
  const GraphTensorId exponentials = in.add_before(
      Activate{.activation = {.kind = ActivationKind::Exp, .before = {}}}, "exp", {shifted});
  const GraphTensorId sum = in.add_before(ReduceRows{}, "reduce_sum", {exponentials});
  const GraphTensorId logarithm = in.add_before(
      Activate{.activation = {.kind = ActivationKind::Log, .before = {}}}, "log", {sum});
  in.add(subtract, "sub", {shifted, logarithm}, layout);
}

// --- two tensors element by element ---

struct PairRule {
  std::string_view op;
  std::string_view kind;
  PairKind pair;
};

constexpr auto kPairRules = std::to_array<PairRule>({
    {"Div", "div", PairKind::Divide},
    {"Max", "maximum", PairKind::Larger},
    {"Min", "minimum", PairKind::Smaller},
    {"Mul", "mul", PairKind::Multiply},
    {"Sub", "sub", PairKind::Subtract},
});

void lower_pair(Lowering& in) {
  const ImportNode& node = in.node();
  const PairRule rule = *std::find_if(kPairRules.begin(), kPairRules.end(),
                                      [&](const PairRule& each) { return each.op == node.op; });
  Held left = in.held(0);
  for (std::size_t i = 1; i < node.inputs.size(); ++i) {
    const Held right = in.held(i);
    const OnnxShape shape = *broadcast_shape(left.layout.shape(), right.layout.shape());
    const bool first = left.layout.shape() == shape;
    if (!first && right.layout.shape() != shape) {
      refuse("expected one input of the shape of the result, {}, got {} and {}", text_of(shape),
             text_of(left.layout.shape()), text_of(right.layout.shape()));
    }
    const Held& large = first ? left : right;
    const auto order = in.order_of_memory(large);
    std::vector<GraphTensorId> inputs{left.tensor, right.tensor};
    if (order && order->size() <= kMaxRank) {
      inputs = {in.beside(left, shape, *order), in.beside(right, shape, *order)};
    } else if (!(left.layout == right.layout)) {
      Lowering::refuse_order(large.layout);
    }
    const Layout layout = large.layout;
    const CombineTensors op{.kind = rule.pair};
    if (i + 1 == node.inputs.size()) {
      in.add(op, rule.kind, inputs, layout);
    } else {
      left = {.tensor = in.add_before(op, rule.kind, inputs), .layout = layout};
    }
  }
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

void lower_reduce(Lowering& in) {
  const ImportNode& node = in.node();
  const ReduceRule rule = *std::find_if(kReduceRules.begin(), kReduceRules.end(),
                                        [&](const ReduceRule& each) { return each.op == node.op; });
  const OnnxShape shape = in.shape(0);
  const Layout from = in.held(0).layout;
  if (in.out_shape().empty()) {
    refuse("expected a result of at least one axis, got a number");
  }
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
    Lowering::refuse_order(from);
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
    refuse("expected a reduction of the last axis that memory holds, got one of others");
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

void lower_slice(Lowering& in) {
  const Layout from = in.held(0).layout;
  const auto order = order_to_cut(in);
  if (!order) {
    Lowering::refuse_order(from);
  }
  const OnnxShape shape = in.shape(0);
  const auto firsts = *in.node().integers("first");
  const auto steps = *in.node().integers("by");
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
  GraphTensorId tensor = in.ordered(0, *order);
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    tensor = in.add_before(parts[i], "slice", {tensor});
  }
  in.add(parts.back(), "slice", {tensor}, Layout::ordered(in.out_shape(), *order));
}

void lower_split(Lowering& in) {
  const ImportNode& node = in.node();
  const Layout from = in.held(0).layout;
  const auto order = order_to_cut(in);
  if (!order) {
    Lowering::refuse_order(from);
  }
  OnnxShape shape = in.shape(0);
  const std::size_t axis = axis_of(node.integer("axis", 0), shape.size());
  const auto sizes = *node.integers("parts");
  if (std::any_of(sizes.begin(), sizes.end(), [](std::int64_t size) { return size < 1; })) {
    refuse("expected parts with elements, got one without");
  }
  const GraphTensorId tensor = in.ordered(0, *order);
  std::int64_t first = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    shape[axis] = sizes[i];
    in.add(part_of(*order, axis, first, sizes[i], 1), "slice", {tensor},
           Layout::ordered(shape, *order), i);
    first += sizes[i];
  }
}

/// Of two tensors that depend on inputs; make_dense took those with weights.
void lower_matmul(Lowering& in) {
  const OnnxShape& left = in.shape(0);
  const OnnxShape& right = in.shape(1);
  const std::size_t rank = left.size();
  const bool fits =
      rank >= 2 && rank <= 4 && (right.size() == rank || right.size() == 2) &&
      std::equal(left.begin(), left.end() - 1, in.out_shape().begin(), in.out_shape().end() - 1);
  if (!fits) {
    refuse("expected a product of 2 to 4 axes with as many on the right, or 2, got {} and {}",
           text_of(left), text_of(right));
  }
  Axes swapped = plain_order(right.size());
  std::swap(swapped[right.size() - 1], swapped[right.size() - 2]);
  const bool transposed = !in.held(1).layout.is_plain() && in.held(1).layout.is_ordered(swapped);
  const GraphTensorId a = in.ordered(0, plain_order(rank));
  const GraphTensorId b = in.ordered(1, transposed ? swapped : plain_order(right.size()));
  in.add(Matmul{.transpose_b = transposed}, "matmul", {a, b}, Layout::plain(in.out_shape()));
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
void lower_resize(Lowering& in) {
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

void lower_reshape(Lowering& in) {
  auto layout = in.held(0).layout.reshaped(in.out_shape());
  if (!layout) {
    Lowering::refuse_order(in.held(0).layout);
  }
  in.alias(*std::move(layout));
}

void lower_transpose(Lowering& in) {
  const std::vector<std::int64_t> perm = *in.node().integers("perm");
  in.alias(in.held(0).layout.transposed(Axes(perm.begin(), perm.end())));
}

/// A norm along the last axis, with weights and, of a layer norm, biases.
void lower_norm(Lowering& in) {
  const ImportNode& node = in.node();
  const OnnxShape& shape = in.shape(0);
  if (node.op == "LayerNormalization" &&
      axis_of(node.integer("axis", -1), shape.size()) + 1 != shape.size()) {
    refuse("expected a norm along the last axis, got one along several");
  }
  const bool centred = node.op != "RmsNorm";
  const std::vector<float> weights = in.constant(1, "weights").floats();
  const bool biased = node.input(2) != kNoValue;
  const auto order = order_ending_in(in.held(0).layout, shape.size() - 1);
  if (!order) {
    Lowering::refuse_order(in.held(0).layout);
  }
  const GraphTensorId input = in.ordered(0, *order);
  const auto epsilon = static_cast<double>(node.number("epsilon", 1e-5F));
  in.add(NormalizeRows{.centred = centred, .epsilon = epsilon, .bias = biased},
         centred ? "layer_norm" : "rms_norm", {input}, Layout::ordered(in.out_shape(), *order));
  in.set_numbers(1, [weights] { return weights; });
  if (biased) {
    const std::vector<float> biases = in.constant(2, "biases").floats();
    in.set_numbers(2, [biases] { return biases; });
  }
}

struct Rule {
  std::string_view op;  ///< with its domain
  void (*lower)(Lowering& in);
};

constexpr auto kRules = std::to_array<Rule>({
    {"Add", lower_add},
    {"AveragePool", lower_pool},
    {"Clip", lower_function},
    {"Concat", lower_concat},
    {"Conv", lower_conv},
    {"Div", lower_pair},
    {"Elu", lower_function},
    {"Flatten", lower_reshape},
    {"GlobalAveragePool", lower_global_pool},
    {"GlobalMaxPool", lower_global_pool},
    {"HardSigmoid", lower_function},
    {"Identity", lower_reshape},
    {"LayerNormalization", lower_norm},
    {"LeakyRelu", lower_function},
    {"LogSoftmax", lower_softmax},
    {"MatMul", lower_matmul},
    {"Max", lower_pair},
    {"MaxPool", lower_pool},
    {"Min", lower_pair},
    {"Mul", lower_pair},
    {"ReduceL2", lower_reduce},
    {"ReduceLogSum", lower_reduce},
    {"ReduceMax", lower_reduce},
    {"ReduceMean", lower_reduce},
    {"ReduceSum", lower_reduce},
    {"ReduceSumSquare", lower_reduce},
    {"Reshape", lower_reshape},
    {"Resize", lower_resize},
    {"Slice", lower_slice},
    {"Softmax", lower_softmax},
    {"Split", lower_split},
    {"Squeeze", lower_reshape},
    {"Sub", lower_pair},
    {"Sum", lower_add},
    {"Transpose", lower_transpose},
    {"Unsqueeze", lower_reshape},
    {"Upsample", lower_resize},
    {"systole.Dense", lower_dense},
    {"systole.LayerNorm", lower_norm},
    {"systole.RmsNorm", lower_norm},
});

const Rule* rule_of(const ImportNode& node) {
  const std::string op = node.full_op();
  const auto* const found =
      std::find_if(kRules.begin(), kRules.end(), [&](const Rule& rule) { return rule.op == op; });
  return found == kRules.end() ? nullptr : found;
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
    finish();
  }
  return std::move(result_);
}

void Lowering::add_inputs() {
  for (const ImportValueId id : graph_.inputs) {
    const ImportValue& value = graph_.value(id);
    const Place where = place_of("input", value);
    if (!is_floating(value.type)) {
      where.fail(fmt::format("expected an input of a floating type, got {}", name_of(value.type)));
    }
    if (value.shape->empty() || value.shape->size() > kMaxRank) {
      where.fail(fmt::format("expected 1..{} axes, got {}", kMaxRank, value.shape->size()));
    }
    // An image comes with its channels last, as it is computed on.
    const std::size_t rank = value.shape->size();
    const Axes order = order_of(input_order_, rank);
    const TensorType type{.element = type_, .extents = in_order(*value.shape, order)};
    const GraphTensorId tensor = builder_.add_input(tensor_name(value.name), type, {}, where);
    const Layout layout = Layout::ordered(*value.shape, order);
    layouts_.insert_or_assign(tensor, layout);
    held_.insert_or_assign(id, Held{.tensor = tensor, .layout = layout});
  }
}

void Lowering::lower_nodes() {
  for (const ImportNode& node : graph_.nodes) {
    node_ = &node;
    const bool known =
        std::all_of(node.inputs.begin(), node.inputs.end(), [&](ImportValueId input) {
          return input == kNoValue || held_.count(input) > 0 || graph_.constant(input) != nullptr;
        });
    const bool has_rule = rule_of(node) != nullptr || number_function_of(graph_, node);
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
    const Rule* rule = rule_of(node);
    rule == nullptr ? lower_function(*this) : rule->lower(*this);
  } catch (const Refused& refused) {
    note(node, refused.what());
    pretend(node);
  }
}

void Lowering::pretend(const ImportNode& node) {
  for (const ImportValueId output : node.outputs) {
    const ImportValue& value = graph_.value(output);
    const bool possible =
        value.shape && !value.shape->empty() && value.shape->size() <= kMaxRank &&
        std::all_of(value.shape->begin(), value.shape->end(),
                    [](std::int64_t size) { return size > 0 && size <= kMaxSize; });
    if (!possible) {
      continue;
    }
    const std::size_t rank = value.shape->size();
    const Axes order = order_of(input_order_, rank);
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
  if (extents.size() < 2 || extents.size() > kMostAxes) {
    where.fail(
        fmt::format("expected an output that a node computes or a view of an input of 2..4 "
                    "axes, got one of {}",
                    extents.size()));
  }
  const SliceTensor whole{.axis = static_cast<std::int64_t>(extents.size()) - 1,
                          .size = extents.back()};
  return builder_.add({.name = tensor_name(value.name),
                       .kind = "slice",
                       .op = whole,
                       .inputs = {tensor},
                       .before = {},
                       .output = {},
                       .output_name = {}},
                      {.op = where, .attributes = {}}, {});
}

void Lowering::add_outputs() {
  std::set<GraphTensorId> done;
  for (const ImportValueId id : graph_.outputs) {
    const ImportValue& value = graph_.value(id);
    const Place where = place_of("output", value);
    const auto found = held_.find(id);
    if (found == held_.end()) {
      where.fail("expected an output that depends on the network's inputs, got a constant");
    }
    GraphTensorId tensor = found->second.tensor;
    if (std::find(graph_.inputs.begin(), graph_.inputs.end(), id) != graph_.inputs.end()) {
      where.fail("expected an output that a node computes, got an input");
    }
    if (is_input(tensor)) {
      tensor = copied(tensor, value, where);
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

}  // namespace

LoweredGraph lower_graph(const ImportGraph& graph, DataType type) {
  // Images come with their channels last; where that does not do, another order may.
  std::optional<LoweredGraph> first;
  std::exception_ptr error;
  for (const InputOrder order : {InputOrder::Images, InputOrder::Rows, InputOrder::Plain}) {
    try {
      LoweredGraph lowered = Lowering(graph, type, order).run();
      if (lowered.refusals.empty()) {
        return lowered;
      }
      if (order == InputOrder::Images) {
        first = std::move(lowered);
      }
    } catch (const WorkloadError&) {
      if (order == InputOrder::Images) {
        error = std::current_exception();
      }
    }
  }
  if (error) {
    std::rethrow_exception(error);
  }
  return *std::move(first);
}

std::vector<std::string> lowered_operators() {
  std::set<std::string> names;
  for (const Rule& rule : kRules) {
    if (!rule.op.starts_with("systole.")) {
      names.emplace(rule.op);
    }
  }
  for (const NumberFunction& function : number_functions()) {
    if (!function.onnx.empty()) {
      names.emplace(function.onnx);
    }
  }
  return {names.begin(), names.end()};
}

}  // namespace systole
