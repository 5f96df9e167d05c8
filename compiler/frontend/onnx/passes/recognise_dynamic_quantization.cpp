#include <optional>
#include <utility>
#include <vector>

#include "compiler/frontend/onnx/passes/passes.h"
#include "compiler/frontend/onnx/passes/pattern.h"

namespace systole {

namespace {

/// Where a product of integers, times its scales, stands for one of reals.
struct DynamicProduct {
  const ImportNode* integers = nullptr;  ///< MatMulInteger or ConvInteger
  ImportValueId real = kNoValue;         ///< what DynamicQuantizeLinear rounds
  ImportValueId weight_scale = kNoValue;
};

class Recogniser {
 public:
  explicit Recogniser(const ImportGraph& graph) : pattern_(graph) {}

  /// Of a Mul: Cast(product of integers) * (scale of the input * scale of the weights).
  [[nodiscard]] std::optional<DynamicProduct> product(const ImportNode& mul) const {
    if (!mul.is("Mul") || mul.outputs.empty()) {
      return std::nullopt;
    }
    for (const std::size_t side : kSides) {
      const ImportNode* cast = pattern_.maker(mul.input(side), "Cast");
      const ImportNode* scales = pattern_.maker(mul.input(1 - side), "Mul");
      if (cast == nullptr || scales == nullptr) {
        continue;
      }
      const auto& shape = pattern_.graph().value(mul.outputs.front()).shape;
      if (shape && shape == pattern_.graph().value(cast->input(0)).shape) {
        if (auto found = product_of(*cast, *scales)) {
          return found;
        }
      }
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] std::optional<DynamicProduct> product_of(const ImportNode& cast,
                                                         const ImportNode& scales) const {
    const ImportNode* integers = pattern_.maker(cast.input(0));
    if (integers == nullptr || (!integers->is("MatMulInteger") && !integers->is("ConvInteger")) ||
        integers->input(1) == kNoValue ||
        pattern_.graph().constant(integers->input(1)) == nullptr) {
      return std::nullopt;
    }
    const ImportNode* rounds = pattern_.maker(integers->input(0), "DynamicQuantizeLinear");
    if (rounds == nullptr || rounds->outputs.size() < 3 ||
        rounds->outputs[0] != integers->input(0) || rounds->outputs[2] != integers->input(2)) {
      return std::nullopt;
    }
    for (const std::size_t side : kSides) {
      if (scales.input(side) == rounds->outputs[1] &&
          pattern_.graph().constant(scales.input(1 - side)) != nullptr) {
        return DynamicProduct{
            .integers = integers, .real = rounds->input(0), .weight_scale = scales.input(1 - side)};
      }
    }
    return std::nullopt;
  }

  Pattern pattern_;
};

/// The scales of weights as DequantizeLinear takes them: one, or one a channel.
ImportValueId flat_scales(ImportGraph& graph, ImportValueId scales) {
  const OnnxConstant constant = *graph.constant(scales);
  const std::int64_t count = constant.elements();
  const OnnxShape shape = count == 1 ? OnnxShape{} : OnnxShape{count};
  return graph.add_constant(graph.value(scales).name, constant.reshaped(shape));
}

}  // namespace

std::int64_t recognise_dynamic_quantization(ImportGraph& graph) {
  std::int64_t recognised = 0;
  const ImportGraph before = graph;
  const Recogniser recogniser(before);
  std::vector<ImportNode> nodes;
  for (ImportNode& node : graph.nodes) {
    const auto found = recogniser.product(node);
    if (!found) {
      nodes.push_back(std::move(node));
      continue;
    }
    ++recognised;
    const bool is_matmul = found->integers->is("MatMulInteger");
    const ImportValueId stored = found->integers->input(1);
    const ImportValue& weights = before.value(stored);
    const ImportValueId reals =
        graph.add_value({.name = weights.name, .type = OnnxType::Float, .shape = weights.shape});
    ImportNode dequantize{.name = node.name + ".weights",
                          .op = "DequantizeLinear",
                          .domain = {},
                          .inputs = {stored, flat_scales(graph, found->weight_scale)},
                          .outputs = {reals},
                          .attributes = {}};
    if (found->integers->input(3) != kNoValue) {
      dequantize.inputs.push_back(found->integers->input(3));
    }
    dequantize.set("axis", is_matmul ? std::int64_t{-1} : std::int64_t{0});
    nodes.push_back(std::move(dequantize));
    nodes.push_back({.name = node.name,
                     .op = is_matmul ? "MatMul" : "Conv",
                     .domain = {},
                     .inputs = {found->real, reals},
                     .outputs = node.outputs,
                     .attributes = found->integers->attributes});
  }
  graph.nodes = std::move(nodes);
  if (recognised > 0) {
    remove_unused(graph);
  }
  return recognised;
}

}  // namespace systole
