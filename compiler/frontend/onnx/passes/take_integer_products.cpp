#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/frontend/onnx/infer/inference.h"
#include "compiler/frontend/onnx/passes/passes.h"
#include "compiler/frontend/onnx/passes/pattern.h"

namespace systole {

namespace {

/// Whether all readers make real numbers of a sum of integers.
bool becomes_real(const Pattern& pattern, ImportValueId value) {
  const ImportGraph& graph = pattern.graph();
  const std::vector<std::size_t>& readers = pattern.uses().readers(value);
  return !graph.is_output(value) && !readers.empty() &&
         std::all_of(readers.begin(), readers.end(), [&](std::size_t reader) {
           const ImportNode& node = graph.nodes[reader];
           return node.is("Cast") && is_floating(graph.value(node.outputs.front()).type);
         });
}

/// The nodes that products of integers become.
class ProductWriter {
 public:
  ProductWriter(ImportGraph& graph, std::vector<ImportNode>& nodes)
      : graph_(graph), nodes_(nodes) {}

  void write(const ImportNode& node) {
    const bool is_matmul = node.is("MatMulInteger");
    const ImportValueId left = operand(node, 0, is_matmul);
    const ImportValueId right = operand(node, 1, is_matmul);
    ImportNode product = node;
    product.op = is_matmul ? "MatMul" : "Conv";
    product.inputs = {left, right};
    graph_.value(node.outputs.front()).type = OnnxType::Float;
    nodes_.push_back(std::move(product));
  }

 private:
  /// An operand as reals, its zero point taken away.
  ImportValueId operand(const ImportNode& node, std::size_t input, bool is_matmul) {
    const ImportValueId stored = node.input(input);
    const ImportValueId zero = node.input(input + 2);
    const OnnxShape shape = *graph_.value(stored).shape;
    const ImportValueId real = as_real(node, stored, shape);
    if (zero == kNoValue) {
      return real;
    }
    OnnxShape by = *graph_.value(zero).shape;
    // One for each row of the left matrix, each column of the right one, each filter.
    if (!by.empty() && elements_of(by) > 1 && (!is_matmul || input == 0)) {
      by.resize(is_matmul ? 2 : shape.size(), 1);
    }
    ImportValueId away = as_real(node, zero, by);
    return difference(node, real, away, shape);
  }

  ImportValueId as_real(const ImportNode& node, ImportValueId from, const OnnxShape& shape) {
    const std::string name = graph_.value(from).name;
    if (const OnnxConstant* constant = graph_.constant(from)) {
      return graph_.add_constant(
          name, onnx_inference::converted(*constant, OnnxType::Float).reshaped(shape));
    }
    const ImportValueId made = graph_.add_value(
        {.name = name + ".real", .type = OnnxType::Float, .shape = *graph_.value(from).shape});
    nodes_.push_back({.name = node.name + ".cast",
                      .op = "Cast",
                      .domain = {},
                      .inputs = {from},
                      .outputs = {made},
                      .attributes = {}});
    nodes_.back().set("to", std::int64_t{1});
    if (*graph_.value(from).shape == shape) {
      return made;
    }
    const ImportValueId seen =
        graph_.add_value({.name = name + ".seen", .type = OnnxType::Float, .shape = shape});
    nodes_.push_back({.name = node.name + ".reshape",
                      .op = "Reshape",
                      .domain = {},
                      .inputs = {made},
                      .outputs = {seen},
                      .attributes = {}});
    return seen;
  }

  ImportValueId difference(const ImportNode& node, ImportValueId a, ImportValueId b,
                           const OnnxShape& shape) {
    const OnnxConstant* left = graph_.constant(a);
    const OnnxConstant* right = graph_.constant(b);
    if (left != nullptr && right != nullptr) {
      const auto make = [left = *left, right = *right] {
        std::vector<float> numbers = left.floats();
        const std::vector<float> away =
            onnx_inference::broadcast(right.floats(), right.shape(), left.shape());
        std::transform(numbers.begin(), numbers.end(), away.begin(), numbers.begin(),
                       std::minus<>());
        return OnnxConstant::of_floats(left.shape(), numbers).bytes();
      };
      return graph_.add_constant(graph_.value(a).name,
                                 OnnxConstant::deferred(OnnxType::Float, shape, make));
    }
    if (right != nullptr && right->elements() == 1 && right->floats().front() == 0) {
      return a;
    }
    const ImportValueId made = graph_.add_value(
        {.name = node.name + ".difference", .type = OnnxType::Float, .shape = shape});
    nodes_.push_back({.name = node.name + ".sub",
                      .op = "Sub",
                      .domain = {},
                      .inputs = {a, b},
                      .outputs = {made},
                      .attributes = {}});
    return made;
  }

  ImportGraph& graph_;
  std::vector<ImportNode>& nodes_;
};

}  // namespace

std::int64_t take_integer_products(ImportGraph& graph) {
  std::vector<bool> taken(graph.nodes.size(), false);
  {
    const Pattern pattern(graph);
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
      const ImportNode& node = graph.nodes[i];
      const auto has_shape = [&](std::size_t input) {
        return node.input(input) == kNoValue || graph.value(node.input(input)).shape.has_value();
      };
      taken[i] = (node.is("MatMulInteger") || node.is("ConvInteger")) && node.inputs.size() >= 2 &&
                 node.outputs.size() == 1 && graph.value(node.outputs.front()).shape &&
                 has_shape(0) && has_shape(1) && has_shape(2) && has_shape(3) &&
                 becomes_real(pattern, node.outputs.front());
    }
  }
  const auto count = std::count(taken.begin(), taken.end(), true);
  if (count == 0) {
    return 0;
  }
  std::vector<ImportNode> nodes;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (taken[i]) {
      ProductWriter(graph, nodes).write(graph.nodes[i]);
    } else {
      nodes.push_back(std::move(graph.nodes[i]));
    }
  }
  graph.nodes = std::move(nodes);
  return count;
}

}  // namespace systole
