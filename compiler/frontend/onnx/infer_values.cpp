#include "compiler/frontend/onnx/infer_values.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "compiler/frontend/onnx/attributes.h"
#include "compiler/frontend/onnx/infer/inference.h"
#include "compiler/frontend/onnx/spell/spelling.h"

namespace systole {

namespace {

const onnx_inference::InferRule* rule_named(std::string_view op) {
  for (const auto rules : {onnx_inference::constant_shapes(), onnx_inference::element_shapes(),
                           onnx_inference::image_shapes(), onnx_inference::movement_shapes(),
                           onnx_inference::product_shapes(), onnx_inference::quantised_shapes(),
                           onnx_inference::row_shapes()}) {
    const auto found =
        std::find_if(rules.begin(), rules.end(),
                     [&](const onnx_inference::InferRule& rule) { return rule.op == op; });
    if (found != rules.end()) {
      return &*found;
    }
  }
  return nullptr;
}

/// Throws Contradiction for a constant of strings and the like.
void check_numbers(const ImportGraph& graph, const ImportNode& node) {
  for (const ImportValueId input : node.inputs) {
    const OnnxConstant* constant = graph.constant(input);
    if (constant != nullptr && !is_floating(constant->type()) && !is_integral(constant->type())) {
      onnx_inference::contradict("expected numbers, got {}", name_of(constant->type()));
    }
  }
}

/// What a rule needs to know of inputs; Constant has none.
bool knows_inputs(const ImportGraph& graph, const ImportNode& node) {
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](ImportValueId input) {
    return input == kNoValue || graph.value(input).shape.has_value();
  });
}

}  // namespace

bool is_inferred(std::string_view op) {
  return rule_named(op) != nullptr || onnx_spelling::spell_rule_of(op) != nullptr;
}

std::optional<OnnxShape> broadcast_shape(const OnnxShape& a, const OnnxShape& b) {
  const std::size_t rank = std::max(a.size(), b.size());
  OnnxShape shape(rank, 1);
  for (std::size_t i = 0; i < rank; ++i) {
    const std::int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) {
      return std::nullopt;
    }
    shape[rank - 1 - i] = x == 1 ? y : x;
  }
  return shape;
}

std::size_t axis_of(std::int64_t axis, std::size_t rank) {
  const auto size = static_cast<std::int64_t>(rank);
  if (axis < -size || axis >= size) {
    throw std::out_of_range("axis");
  }
  return static_cast<std::size_t>(axis < 0 ? axis + size : axis);
}

std::optional<std::string> infer_node(ImportGraph& graph, ImportNode& node) {
  const onnx_inference::InferRule* rule = rule_named(node.full_op());
  if (rule == nullptr || node.outputs.empty() || !knows_inputs(graph, node)) {
    return std::nullopt;
  }
  onnx_inference::Inference in(graph, node);
  try {
    check_numbers(graph, node);
    rule->infer(in);
  } catch (const onnx_inference::Contradiction& error) {
    return error.what();
  }
  return std::nullopt;
}

namespace {

/// Infers node after node, and puts others in place of those that are spelled out.
class Inferrer {
 public:
  explicit Inferrer(ImportGraph& graph) : graph_(graph) {}

  std::vector<ImportRefusal> run() {
    const std::vector<ImportNode> nodes = std::move(graph_.nodes);
    graph_.nodes.clear();
    for (const ImportNode& node : nodes) {
      take(node);
    }
    graph_.nodes = std::move(nodes_);
    return std::move(refusals_);
  }

 private:
  void take(ImportNode node) {
    const bool is_known = !node.outputs.empty() && knows_inputs(graph_, node);
    if (auto fault = attribute_fault(node)) {
      nodes_.push_back(std::move(node));
      refuse(nodes_.back(), *std::move(fault));
      return;
    }
    const auto* const spelling = onnx_spelling::spell_rule_of(node.full_op());
    if (spelling == nullptr) {
      nodes_.push_back(std::move(node));
      if (is_known) {
        infer(nodes_.back());
      }
      return;
    }
    const std::size_t before = nodes_.size();
    if (is_known) {
      try {
        onnx_spelling::Spelling in(graph_, node,
                                   [this](ImportNode part) { take(std::move(part)); });
        ++depth_;
        check_numbers(graph_, node);
        spelling->spell(in);
        --depth_;
        graph_.spelled_out += depth_ == 0 ? 1 : 0;
        return;
      } catch (const onnx_inference::Contradiction& error) {
        --depth_;
        nodes_.resize(before);
        refuse(node, error.what());
      }
    }
    nodes_.push_back(std::move(node));
  }

  void infer(ImportNode& node) {
    if (auto contradiction = infer_node(graph_, node)) {
      refuse(node, *std::move(contradiction));
    }
  }

  /// What others are put together from is refused as a whole.
  void refuse(const ImportNode& node, std::string reason) {
    if (depth_ > 0) {
      throw onnx_inference::Contradiction(reason);
    }
    refusals_.push_back({.node = node.name, .op = node.full_op(), .reason = std::move(reason)});
    for (const ImportValueId output : node.outputs) {
      graph_.value(output).shape.reset();
      graph_.value(output).constant.reset();
    }
  }

  ImportGraph& graph_;
  std::vector<ImportNode> nodes_;
  std::vector<ImportRefusal> refusals_;
  int depth_ = 0;  ///< of operators that are being spelled out
};

}  // namespace

std::vector<ImportRefusal> infer_values(ImportGraph& graph) {
  std::vector<ImportRefusal> refusals = Inferrer(graph).run();
  // What is a constant needs nobody to compute it.
  const std::size_t computed = std::erase_if(graph.nodes, [&](const ImportNode& node) {
    return !node.outputs.empty() &&
           std::all_of(node.outputs.begin(), node.outputs.end(),
                       [&](ImportValueId output) { return graph.constant(output) != nullptr; });
  });
  graph.computed += static_cast<std::int64_t>(computed);
  remove_unused(graph);
  return refusals;
}

}  // namespace systole
