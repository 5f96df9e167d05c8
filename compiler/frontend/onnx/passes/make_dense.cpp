#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/frontend/onnx/passes/passes.h"
#include "compiler/graph/file_order.h"

namespace systole {

namespace {

constexpr std::string_view kOwnDomain = "systole";

/// A matrix times a number, its axes exchanged if asked for.
OnnxConstant matrix(const OnnxConstant& from, bool transposed, float factor) {
  if (!transposed && factor == 1.0F) {
    return from;
  }
  OnnxShape shape = from.shape();
  if (transposed) {
    std::swap(shape[0], shape[1]);
  }
  const auto make = [from, transposed, factor] {
    std::vector<float> numbers = from.floats();
    for (float& number : numbers) {
      number *= factor;
    }
    const std::string bytes = OnnxConstant::of_floats(from.shape(), numbers).bytes();
    return transposed ? permuted(bytes, from.shape(), {1, 0}, sizeof(float)) : bytes;
  };
  return OnnxConstant::deferred(OnnxType::Float, shape, make);
}

/// One number per column of a product, or one for all; empty where the tensor is something else.
std::optional<std::vector<float>> by_column(const ImportGraph& graph, ImportValueId id,
                                            std::int64_t columns) {
  const OnnxConstant* constant = graph.constant(id);
  if (constant == nullptr || !is_floating(constant->type())) {
    return std::nullopt;
  }
  if (constant->elements() == 1) {
    return std::vector<float>(static_cast<std::size_t>(columns), constant->floats().front());
  }
  const bool fits = constant->elements() == columns && constant->shape().back() == columns;
  return fits ? std::optional(constant->floats()) : std::nullopt;
}

bool make_dense_of_gemm(ImportGraph& graph, ImportNode& node) {
  const OnnxConstant* weights = graph.constant(node.input(1));
  if (weights == nullptr || weights->shape().size() != 2 || node.integer("transA", 0) != 0 ||
      !is_floating(weights->type())) {
    return false;
  }
  const OnnxConstant folded =
      matrix(*weights, node.integer("transB", 0) != 0, node.number("alpha", 1.0F));
  const std::int64_t columns = folded.shape()[1];
  const bool transposed = node.integer("transB", 0) != 0;
  std::vector<ImportValueId> inputs{node.inputs[0],
                                    graph.add_constant(graph.value(node.inputs[1]).name, folded)};
  if (graph.value(node.inputs[1]).scales && node.number("alpha", 1.0F) == 1.0F) {
    ImportScales scales = *graph.value(node.inputs[1]).scales;
    scales.axis = transposed ? 1 - scales.axis : scales.axis;
    graph.value(inputs[1]).scales = scales;
  }
  if (node.input(2) != kNoValue) {
    auto biases = by_column(graph, node.inputs[2], columns);
    if (!biases) {
      return false;
    }
    for (float& bias : *biases) {
      bias *= node.number("beta", 1.0F);
    }
    inputs.push_back(graph.add_constant(graph.value(node.inputs[2]).name,
                                        OnnxConstant::of_floats({columns}, *biases)));
  }
  node.op = "Dense";
  node.domain = kOwnDomain;
  node.inputs = std::move(inputs);
  return true;
}

bool make_dense_of_matmul(ImportGraph& graph, ImportNode& node) {
  const OnnxConstant* weights = graph.constant(node.input(1));
  if (weights == nullptr || weights->shape().size() != 2 || !is_floating(weights->type()) ||
      !graph.value(node.inputs[0]).shape || graph.value(node.inputs[0]).shape->size() < 2) {
    return false;
  }
  node.op = "Dense";
  node.domain = kOwnDomain;
  return true;
}

/// Adds the biases of an Add that is the only reader.
bool take_biases(ImportGraph& graph, ImportNode& dense, ImportNode& add) {
  const ImportValueId product = dense.outputs.front();
  const ImportValueId other = add.input(add.input(0) == product ? 1 : 0);
  const std::int64_t columns = graph.constant(dense.inputs[1])->shape()[1];
  auto biases = by_column(graph, other, columns);
  if (!biases || graph.value(add.outputs.front()).shape != graph.value(product).shape) {
    return false;
  }
  if (dense.input(2) != kNoValue) {
    const std::vector<float> before = graph.constant(dense.inputs[2])->floats();
    std::transform(before.begin(), before.end(), biases->begin(), biases->begin(), std::plus<>());
  }
  dense.inputs.resize(3, kNoValue);
  dense.inputs[2] =
      graph.add_constant(graph.value(other).name, OnnxConstant::of_floats({columns}, *biases));
  dense.outputs = add.outputs;
  add.outputs.clear();
  return true;
}

}  // namespace

std::int64_t make_dense(ImportGraph& graph) {
  std::int64_t made = 0;
  const ImportUses uses(graph);
  for (ImportNode& node : graph.nodes) {
    const bool is_dense = (node.is("Gemm") && make_dense_of_gemm(graph, node)) ||
                          (node.is("MatMul") && make_dense_of_matmul(graph, node));
    if (!is_dense) {
      continue;
    }
    ++made;
    const ImportValueId product = node.outputs.front();
    if (uses.count(product) != 1 || uses.readers(product).size() != 1) {
      continue;
    }
    ImportNode& next = graph.nodes[uses.readers(product).front()];
    if (next.is("Add") && next.inputs.size() == 2) {
      static_cast<void>(take_biases(graph, node, next));
    }
  }
  std::erase_if(graph.nodes, [](const ImportNode& node) { return node.outputs.empty(); });
  return made;
}

}  // namespace systole
