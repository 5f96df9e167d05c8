#include "reference/devices/device_operation.h"

#include <algorithm>
#include <variant>

#include "arch/diag/check.h"

namespace systole::reference {

namespace {

/// Fewer columns than this leave a matrix engine's tile almost empty.
constexpr std::int64_t kFewestColumns = 8;

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

class Operations {
 public:
  Operations(const Graph& graph, bool fused) : graph_(graph), fused_(fused) {
    producer_.assign(graph.tensors.size(), -1);
    readers_.assign(graph.tensors.size(), 0);
    for (const Node& node : graph.nodes) {
      for (const GraphTensorId input : node.inputs) {
        ++readers_[static_cast<std::size_t>(input)];
      }
    }
  }

  std::vector<DeviceOperation> all() {
    for (const Node& node : graph_.nodes) {
      std::visit(Overloaded{
                     [&](const ProductWork& work) { product(node, work); },
                     [&](const MatmulWork&) { matmul(node); },
                     [&](const AddWork& work) { addition(node, work.activation); },
                     [&](const RescaleWork& work) {
                       work.activation == ActivationKind::None ? elementwise(node)
                                                               : activation(node);
                     },
                     [&](const PoolWork&) { elementwise(node); },
                     [&](const SoftmaxWork&) { elementwise(node); },
                     [&](const RowWork&) { elementwise(node); },
                     [&](const CopyWork& work) { copied(node, work); },
                     [&](const ViewWork&) { view(node); },
                 },
                 node.work());
    }
    return std::move(operations_);
  }

 private:
  [[nodiscard]] std::int64_t elements(GraphTensorId tensor) const {
    return graph_.tensor(tensor).shape().elements() / graph_.batch;
  }

  void made_by(const Node& node, std::ptrdiff_t operation) {
    producer_[static_cast<std::size_t>(node.output())] = operation;
  }

  /// Reads its inputs, writes its output.
  void elementwise(const Node& node) {
    DeviceOperation operation{.name = node.name, .output = elements(node.output())};
    for (const GraphTensorId input : node.inputs) {
      operation.input += elements(input);
    }
    add_operation(node, std::move(operation));
  }

  /// Reads what it writes: rows of a table, new rows of a state, pixels.
  void copied(const Node& node, const CopyWork& work) {
    const std::int64_t moved = elements(work.over ? node.inputs.front() : node.output());
    add_operation(node, {.name = node.name, .input = moved, .output = moved});
  }

  /// Reads and writes the output of the node once more.
  void pass(const Node& node, const std::string& suffix) {
    add_operation(node, {.name = node.name + suffix,
                         .input = elements(node.output()),
                         .output = elements(node.output())});
  }

  void add_operation(const Node& node, DeviceOperation operation) {
    operation.node = static_cast<std::size_t>(&node - graph_.nodes.data());
    operations_.push_back(std::move(operation));
    made_by(node, static_cast<std::ptrdiff_t>(operations_.size()) - 1);
  }

  void product(const Node& node, const ProductWork& work) {
    GemmShape shape = *gemm_shape(graph_, node);
    shape.m /= graph_.batch;
    const bool direct = shape.groups > 1 && shape.n < kFewestColumns;
    add_operation(node, {.name = node.name,
                         .kind = direct ? OperationKind::Direct : OperationKind::MatrixProduct,
                         .shape = shape,
                         .input = elements(node.inputs.front()),
                         .output = elements(node.output()),
                         .weights = shape.groups * shape.k * shape.n});
    if (!fused_ && work.weights.batch_norm) {
      pass(node, ".batch_norm");
    }
    if (!fused_ && work.activation.kind != ActivationKind::None) {
      pass(node, ".activation");
    }
  }

  /// Both operands come from memory. One input has its part of the matrices or, of matrices without
  /// a batch, of their rows, columns or reduction.
  void matmul(const Node& node) {
    GemmShape shape = *gemm_shape(graph_, node);
    for (std::int64_t* const part : {&shape.groups, &shape.m, &shape.k, &shape.n}) {
      if (*part % graph_.batch == 0) {
        *part /= graph_.batch;
        break;
      }
    }
    DeviceOperation operation{.name = node.name,
                              .kind = OperationKind::MatrixProduct,
                              .shape = shape,
                              .output = elements(node.output())};
    for (const GraphTensorId input : node.inputs) {
      operation.input += elements(input);
    }
    add_operation(node, std::move(operation));
  }

  /// The product among the inputs that was launched last and that only this node reads.
  [[nodiscard]] std::ptrdiff_t product_to_join(const Node& node) const {
    std::ptrdiff_t last = -1;
    for (const GraphTensorId input : node.inputs) {
      const std::ptrdiff_t made = producer_[static_cast<std::size_t>(input)];
      if (made > last && readers_[static_cast<std::size_t>(input)] == 1 &&
          operations_[static_cast<std::size_t>(made)].kind != OperationKind::Elementwise) {
        last = made;
      }
    }
    return fused_ ? last : -1;
  }

  void addition(const Node& node, ActivationKind fused_activation) {
    const std::ptrdiff_t joined = product_to_join(node);
    if (joined >= 0) {
      operations_[static_cast<std::size_t>(joined)].residual += elements(node.output());
      made_by(node, joined);
      return;
    }
    elementwise(node);
    if (!fused_ && fused_activation != ActivationKind::None) {
      pass(node, ".activation");
    }
  }

  void activation(const Node& node) {
    const std::ptrdiff_t joined = product_to_join(node);
    if (joined >= 0) {
      made_by(node, joined);
    } else {
      elementwise(node);
    }
  }

  void view(const Node& node) {
    made_by(node, producer_[static_cast<std::size_t>(node.inputs.front())]);
  }

  const Graph& graph_;
  bool fused_;
  std::vector<DeviceOperation> operations_;
  std::vector<std::ptrdiff_t> producer_;  // operation that makes a tensor; -1: an input
  std::vector<std::int64_t> readers_;     // nodes that read a tensor
};

}  // namespace

std::int64_t DeviceOperation::macs() const {
  switch (kind) {
    case OperationKind::MatrixProduct:
    case OperationKind::Direct:
      return shape.macs();
    case OperationKind::Attention:
      return 2 * shape.groups * shape.m * shape.m * shape.k;
    case OperationKind::Elementwise:
      return 0;
  }
  return 0;
}

std::vector<DeviceOperation> device_operations(const Graph& graph, bool fused) {
  SYSTOLE_CHECK(graph.batch > 0, "batch {}", graph.batch);
  return Operations(graph, fused).all();
}

}  // namespace systole::reference
