#include "compiler/frontend/onnx/lower_graph.h"

#include <algorithm>
#include <array>
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

class Lowering {
 public:
  Lowering(const ImportGraph& graph, DataType type)
      : graph_(graph),
        type_(type),
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
  /// Adds the node's operator; its first output is held in this layout.
  GraphTensorId add(Op op, std::string_view kind, std::vector<GraphTensorId> inputs, Layout layout);
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
  void hold(Held held) { held_.insert_or_assign(node_->outputs.front(), std::move(held)); }
  GraphTensorId viewed(GraphTensorId tensor, const Extents& extents);
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

GraphTensorId Lowering::add(Op op, std::string_view kind, std::vector<GraphTensorId> inputs,
                            Layout layout) {
  const GraphTensorId tensor =
      builder_.add({.name = node_->name,
                    .kind = std::string(kind),
                    .op = std::move(op),
                    .inputs = std::move(inputs),
                    .before = {},
                    .output = {},
                    .output_name = tensor_name(graph_.value(node_->outputs.front()).name)},
                   place(), [](const Graph&, const Node&) { return 1.0; });
  node_inputs_ = builder_.graph().nodes.back().inputs;
  const std::int64_t elements = builder_.graph().tensor(tensor).type.elements();
  SYSTOLE_CHECK(elements == elements_of(layout.shape()), "{}: {} elements as {}", node_->name,
                elements, text_of(layout.shape()));
  layouts_.insert_or_assign(tensor, layout);
  hold({.tensor = tensor, .layout = std::move(layout)});
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
  const bool flat = window.kernel.size() == 1;  // one row
  const std::size_t last = flat ? 0 : 1;
  return {.rows = flat ? 1 : window.kernel[0],
          .cols = window.kernel[last],
          .stride_rows = flat ? 1 : window.strides[0],
          .stride_cols = window.strides[last],
          .pad_top = flat ? 0 : window.pads_before[0],
          .pad_bottom = flat ? 0 : window.pads_after[0],
          .pad_left = window.pads_before[last],
          .pad_right = window.pads_after[last],
          .dilation_rows = flat ? 1 : window.dilations[0],
          .dilation_cols = window.dilations[last]};
}

/// Memory of an image of one row is that of one of rows and columns.
OnnxShape with_rows(OnnxShape shape) {
  if (shape.size() == 3) {
    shape.insert(shape.begin() + 2, 1);
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
  Axes order(shape.size());
  for (std::size_t axis = 0; axis < order.size(); ++axis) {
    order[axis] = axis;
  }
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
  const OnnxShape image = with_rows(in.shape(0));
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
  if (in.node().inputs.size() != 2) {
    refuse("expected a sum of two tensors, got one of {}", in.node().inputs.size());
  }
  const Held a = in.held(0);
  const Held b = in.held(1);
  if (in.shape(0) != in.shape(1)) {
    refuse("expected inputs of one shape, got {} and {}", text_of(in.shape(0)),
           text_of(in.shape(1)));
  }
  if (!(a.layout == b.layout)) {
    Lowering::refuse_order(b.layout);
  }
  in.add(AddTensors{.activation = in.activation()}, "add", {a.tensor, b.tensor}, a.layout);
}

/// An order in which memory holds whole axes, `last` behind the others: that of an image, that of
/// the file, or any.
std::optional<Axes> order_ending_in(const Layout& layout, std::size_t last) {
  if (layout.rank() == 0) {
    return std::nullopt;
  }
  Axes plain(layout.rank());
  for (std::size_t axis = 0; axis < plain.size(); ++axis) {
    plain[axis] = axis;
  }
  for (const Axes& order : {channels_last(layout.rank()), plain}) {
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
  in.add(SoftmaxChannels{}, "softmax", {input}, Layout::ordered(in.out_shape(), *order));
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
    {"Flatten", lower_reshape},
    {"GlobalAveragePool", lower_global_pool},
    {"GlobalMaxPool", lower_global_pool},
    {"HardSigmoid", lower_function},
    {"LayerNormalization", lower_norm},
    {"LeakyRelu", lower_function},
    {"Elu", lower_function},
    {"MaxPool", lower_pool},
    {"Reshape", lower_reshape},
    {"Softmax", lower_softmax},
    {"Squeeze", lower_reshape},
    {"Sum", lower_add},
    {"Transpose", lower_transpose},
    {"Unsqueeze", lower_reshape},
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
    Axes order(rank);
    for (std::size_t axis = 0; axis < rank; ++axis) {
      order[axis] = axis;
    }
    if (rank == 4) {
      order = channels_last(rank);
    }
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
    Axes order(rank);
    for (std::size_t axis = 0; axis < rank; ++axis) {
      order[axis] = axis;
    }
    if (rank == 4) {
      order = channels_last(rank);
    }
    const TensorType type{.element = type_, .extents = in_order(*value.shape, order)};
    const GraphTensorId tensor = builder_.add_input(tensor_name(value.name), type, {}, place().op);
    held_.insert_or_assign(output,
                           Held{.tensor = tensor, .layout = Layout::ordered(*value.shape, order)});
  }
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
    const GraphTensorId tensor = found->second.tensor;
    if (builder_.graph().tensor(tensor).role == GraphTensorRole::Input) {
      where.fail("expected an output that a node computes, got a view of an input");
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
    const bool same = order.sizes.size() < 2 && std::equal(order.shape.begin(), order.shape.end(),
                                                           extents.begin(), extents.end());
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
  return Lowering(graph, type).run();
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
