#include "reference/devices/training_operations.h"

#include <algorithm>

#include "arch/diag/check.h"
#include "arch/units/units.h"
#include "compiler/ops/op.h"

namespace systole::reference {

namespace {

class StepOperations {
 public:
  StepOperations(const Graph& network, const TrainingPlan& plan, DataType type)
      : network_(network), plan_(plan), type_(type) {
    find_needed();
    find_trained();
    for (DeviceOperation& operation : device_operations(network, false)) {
      const Node& node = node_of(operation);
      if (is_needed(node.output()) && !changes_state(node.op)) {
        forward_.push_back(of_whole_batch(std::move(operation)));
      }
    }
  }

  std::vector<DeviceOperation> all() {
    for (std::int64_t batch = 0; batch < plan_.batches; ++batch) {
      operations_.insert(operations_.end(), forward_.begin(), forward_.end());
      add_loss();
      for (std::size_t i = forward_.size(); i-- > 0;) {
        backward(forward_[i]);
      }
    }
    if (plan_.clips) {
      operations_.push_back({.name = "clip", .input = elements_in(plan_.gradient_bytes)});
    }
    operations_.push_back({.name = "update",
                           .input = elements_in(plan_.update_reads),
                           .output = elements_in(plan_.update_writes)});
    return std::move(operations_);
  }

 private:
  [[nodiscard]] const Node& node_of(const DeviceOperation& operation) const {
    return network_.nodes[operation.node];
  }
  [[nodiscard]] std::int64_t elements(GraphTensorId tensor) const {
    return network_.tensor(tensor).shape().elements();
  }
  [[nodiscard]] std::int64_t elements_in(std::int64_t bytes) const {
    return ceil_div(bytes, static_cast<std::int64_t>(bytes_of(type_)));
  }
  [[nodiscard]] bool is_needed(GraphTensorId tensor) const {
    return needed_[static_cast<std::size_t>(tensor)];
  }
  [[nodiscard]] bool is_trained(GraphTensorId tensor) const {
    return trained_[static_cast<std::size_t>(tensor)];
  }

  void find_needed() {
    needed_.assign(network_.tensors.size(), false);
    needed_[static_cast<std::size_t>(plan_.output)] = true;
    for (std::size_t i = network_.nodes.size(); i-- > 0;) {
      const Node& node = network_.nodes[i];
      if (is_needed(node.output())) {
        for (const GraphTensorId input : node.inputs) {
          needed_[static_cast<std::size_t>(input)] = true;
        }
      }
    }
  }

  /// Parameters, states, and what is made of them.
  void find_trained() {
    trained_.assign(network_.tensors.size(), false);
    for (std::size_t i = 0; i < network_.tensors.size(); ++i) {
      const auto role = network_.tensors[i].role;
      trained_[i] = role == GraphTensorRole::Parameter || role == GraphTensorRole::State;
    }
    for (const Node& node : network_.nodes) {
      trained_[static_cast<std::size_t>(node.output())] =
          std::any_of(node.inputs.begin(), node.inputs.end(),
                      [&](GraphTensorId input) { return is_trained(input); });
    }
  }

  /// Weights are shared by the batch, so that it lengthens m; products of two tensors have other
  /// matrices for each input.
  [[nodiscard]] DeviceOperation of_whole_batch(DeviceOperation operation) const {
    const std::int64_t batch = network_.batch;
    (operation.weights > 0 ? operation.shape.m : operation.shape.groups) *= batch;
    operation.input *= batch;
    operation.output *= batch;
    SYSTOLE_CHECK(operation.residual == 0, "{} is fused", operation.name);
    return operation;
  }

  void add_loss() {
    const std::int64_t scores = elements(plan_.output);
    operations_.push_back({.name = "loss", .input = 2 * scores, .output = scores});
  }

  void backward(const DeviceOperation& forward) {
    if (!is_trained(node_of(forward).output())) {
      return;
    }
    switch (forward.kind) {
      case OperationKind::MatrixProduct:
      case OperationKind::Direct:
        forward.weights > 0 ? by_input_and_weights(forward) : by_both(forward);
        return;
      case OperationKind::Attention:
      case OperationKind::Elementwise:
        elementwise(forward);
        return;
    }
  }

  void add(const DeviceOperation& forward, std::string_view suffix, DeviceOperation operation) {
    operation.name = forward.name + std::string(suffix);
    operation.node = forward.node;
    operation.kind = forward.kind;
    operations_.push_back(std::move(operation));
  }

  static GemmShape by_left(const GemmShape& shape) {
    return {.groups = shape.groups, .m = shape.m, .k = shape.n, .n = shape.k};
  }
  static GemmShape by_right(const GemmShape& shape) {
    return {.groups = shape.groups, .m = shape.k, .k = shape.m, .n = shape.n};
  }

  void by_input_and_weights(const DeviceOperation& forward) {
    add(forward, ".by_weights",
        {.shape = by_right(forward.shape),
         .input = forward.input + forward.output,
         .output = forward.weights});
    if (is_trained(node_of(forward).inputs.front())) {
      add(forward, ".by_input",
          {.shape = by_left(forward.shape),
           .input = forward.output,
           .output = forward.input,
           .weights = forward.weights});
    }
  }

  void by_both(const DeviceOperation& forward) {
    const Node& node = node_of(forward);
    const GraphTensorId left = node.inputs.front();
    const GraphTensorId right = node.inputs.back();
    if (is_trained(left)) {
      add(forward, ".by_left",
          {.shape = by_left(forward.shape),
           .input = forward.output + elements(right),
           .output = elements(left)});
    }
    if (is_trained(right)) {
      add(forward, ".by_right",
          {.shape = by_right(forward.shape),
           .input = forward.output + elements(left),
           .output = elements(right)});
    }
  }

  void elementwise(const DeviceOperation& forward) {
    add(forward, ".backward", {.input = forward.output + forward.input, .output = forward.input});
  }

  const Graph& network_;
  const TrainingPlan& plan_;
  DataType type_;
  std::vector<bool> needed_;   // by tensor
  std::vector<bool> trained_;  // by tensor
  std::vector<DeviceOperation> forward_;
  std::vector<DeviceOperation> operations_;
};

}  // namespace

std::vector<DeviceOperation> training_operations(const Graph& network, const TrainingPlan& plan,
                                                 DataType type) {
  return StepOperations(network, plan, type).all();
}

}  // namespace systole::reference
