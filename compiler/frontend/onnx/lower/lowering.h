#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "arch/diag/printable.h"
#include "compiler/frontend/onnx/lower_graph.h"
#include "compiler/graph/graph_builder.h"

namespace systole {

struct LowerRule;

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
[[nodiscard]] Axes channels_last(std::size_t rank);
[[nodiscard]] Axes plain_order(std::size_t rank);
/// Sizes as memory holds them; {1} of a number.
[[nodiscard]] Extents in_order(const OnnxShape& shape, const Axes& order);
/// An order in which memory holds whole axes, `last` behind the others: that of an image, that of
/// the file, or any.
[[nodiscard]] std::optional<Axes> order_ending_in(const Layout& layout, std::size_t last);
/// The axes with `last` behind the others, those in the order of the file.
[[nodiscard]] Axes plain_ending_in(std::size_t rank, std::size_t last);
[[nodiscard]] Kernel kernel_of(const ImportWindow& window);

/// For each axis of a tensor the indices that are taken, MapAxis::kFilled where something else
/// stands.
using Picks = std::vector<std::vector<std::int64_t>>;
[[nodiscard]] Picks every(const OnnxShape& shape);
[[nodiscard]] std::vector<std::int64_t> counting(std::int64_t count, std::int64_t first = 0,
                                                 std::int64_t step = 1);

/// How memory holds the inputs of a network: whoever feeds the chip lays them out.
enum class InputOrder : std::uint8_t {
  Images,  ///< those of four axes with their channels last
  Rows,    ///< those of three too
  Plain,   ///< as in files
  Single   ///< as in files, all in one image: what belongs to different images may meet
};

/// What a lowering may do: the first that leaves nothing out is taken.
struct LoweringChoice {
  InputOrder inputs = InputOrder::Images;
  bool moves = false;  ///< copies where an operator needs another order than memory has
};

/// Whether the first axis has to be that of the images, or may be part of a single image.
enum class FirstAxis : std::uint8_t { Images, Any };

class Lowering {
 public:
  Lowering(const ImportGraph& graph, DataType type, LoweringChoice choice)
      : graph_(graph),
        type_(type),
        choice_(choice),
        builder_(graph.name, graph.file, choice.inputs == InputOrder::Single ? 1 : batch_of(graph),
                 QuantizationDefaults{}) {}

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
  /// Whether the input depends on those of the network.
  [[nodiscard]] bool is_held(std::size_t input) const {
    return held_.count(node_->input(input)) > 0;
  }
  [[nodiscard]] const Graph& made() const { return builder_.graph(); }
  [[nodiscard]] const OnnxConstant& constant(std::size_t input, std::string_view what) const {
    const OnnxConstant* found = graph_.constant(node_->input(input));
    if (found == nullptr) {
      refuse("expected {} that stand in the file, got such that depend on inputs", what);
    }
    return *found;
  }
  /// The input as a tensor whose memory holds the axes in this order.
  [[nodiscard]] GraphTensorId ordered(std::size_t input, const Axes& order,
                                      FirstAxis first = FirstAxis::Images) {
    return ordered(held(input), order, first);
  }
  [[nodiscard]] GraphTensorId ordered(const Held& from, const Axes& order,
                                      FirstAxis first = FirstAxis::Images);
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
  GraphTensorId viewed(GraphTensorId tensor, const Extents& whole,
                       FirstAxis first = FirstAxis::Images);
  /// The same with these very axes, where others would be the same image.
  GraphTensorId exactly(GraphTensorId tensor, const Extents& extents);
  /// Parts of a tensor, in this order of memory: nothing where memory has them so, else a copy. The
  /// node's output, if it is given.
  Held moved(const Held& from, const Picks& picks, const Axes& order, double fill = 0,
             std::optional<std::size_t> output = {});
  [[nodiscard]] bool may_move() const { return choice_.moves; }
  /// Whether the first axis of an input, in this order, is that of the tensor's images.
  [[nodiscard]] bool holds_images(std::size_t input, const Axes& order) const {
    const Held& from = held(input);
    return made().tensor(from.tensor).type.extents.front() == from.layout.shape()[order.front()];
  }
  /// The order of memory, if it holds whole axes: that in which the tensor has them, if there is
  /// one.
  [[nodiscard]] std::optional<Axes> order_of_memory(const Held& held) const;
  /// The output is the input's memory by another name.
  void alias(Layout layout) { hold({.tensor = held(0).tensor, .layout = std::move(layout)}); }
  void hold(Held held, std::size_t output = 0) {
    note_quantization(graph_.value(node_->outputs[output]), held.tensor);
    held_.insert_or_assign(node_->outputs[output], std::move(held));
  }
  /// The weights that were added last stand for integers of the file, if they do: input `input` of
  /// the node, output channels along `axis`.
  void keep_weight_scales(std::size_t input, std::size_t axis);
  /// Whether somebody reads an output of the node.
  [[nodiscard]] bool is_read(std::size_t output) const;
  void set_numbers(std::size_t node_input, ParameterNumbers numbers);
  /// A constant of the node whose rows are looked up: a state that nobody changes.
  GraphTensorId table(std::size_t input, const Extents& extents);
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
  void add_state(ImportValueId id, const Place& where);
  void note_quantization(const ImportValue& value, GraphTensorId tensor) {
    if (value.quantization) {
      result_.quantization.tensors.emplace(tensor, *value.quantization);
    }
  }
  void lower_nodes();
  void lower(const ImportNode& node);
  /// Refuses whole numbers where the operator would make of them what the type rounds.
  void check_integers(const LowerRule* rule) const;
  /// Refuses readers of a result that the operator's rule does not give.
  void check_results(const ImportNode& node) const;
  void add_outputs();
  /// A graph that is of no use goes on, so that other nodes are looked at.
  void pretend(const ImportNode& node);
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
  LoweringChoice choice_;
  GraphBuilder builder_;
  LoweredGraph result_;
  std::map<ImportValueId, Held> held_;
  const ImportNode* node_ = nullptr;
  std::vector<GraphTensorId> node_inputs_;
  std::set<std::string> tensor_names_;
  std::map<GraphTensorId, Layout> layouts_;
  std::vector<std::pair<GraphTensorId, std::string>> output_names_;
};

/// A value as one of `shape`, at whatever cost.
[[nodiscard]] Held reshaped(Lowering& in, const Held& from, const OnnxShape& shape);

}  // namespace systole
