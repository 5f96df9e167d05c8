#include "compiler/frontend/onnx/operator_names.h"

#include <cmath>
#include <limits>
#include <utility>

namespace systole {

namespace {

/// The limits of a Clip; infinite where there are none. Empty where they depend on inputs.
std::optional<std::pair<float, float>> clip_of(const ImportGraph& graph, const ImportNode& node) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::pair<float, float> limits{node.number("min", -kInfinity), node.number("max", kInfinity)};
  if (node.input(1) != kNoValue) {
    const auto low = graph.scalar(node.input(1));
    if (!low) {
      return std::nullopt;
    }
    limits.first = *low;
  }
  if (node.input(2) != kNoValue) {
    const auto high = graph.scalar(node.input(2));
    if (!high) {
      return std::nullopt;
    }
    limits.second = *high;
  }
  constexpr float kLargest = std::numeric_limits<float>::max();  // how old exporters write infinity
  if (limits.first <= -kLargest) {
    limits.first = -kInfinity;
  }
  if (limits.second >= kLargest) {
    limits.second = kInfinity;
  }
  return limits;
}

/// Whether the parameters of a function are those of the one that there is.
bool has_usual_parameters(const ImportNode& node) {
  constexpr float kAlmost = 1e-4F;
  const auto is = [&](std::string_view key, float otherwise, float wanted) {
    return std::abs(node.number(key, otherwise) - wanted) <= kAlmost;
  };
  if (node.op == "LeakyRelu") {
    return is("alpha", 0.01F, 0.01F);
  }
  if (node.op == "HardSigmoid") {
    return is("alpha", 0.2F, 1.0F / 6) && is("beta", 0.5F, 0.5F);
  }
  if (node.op == "Elu") {
    return is("alpha", 1.0F, 1.0F);
  }
  return node.op != "Gelu" || node.text("approximate", "none") == "none";
}

}  // namespace

std::optional<ActivationKind> number_function_of(const ImportGraph& graph, const ImportNode& node) {
  if (node.full_op() == "systole.Function") {
    return value_named<ActivationKind>(node.text("function", ""));
  }
  if (!node.domain.empty()) {
    return std::nullopt;
  }
  const bool clips = node.op == "Clip";
  const auto limits = clips ? clip_of(graph, node) : std::nullopt;
  for (const NumberFunction& function : number_functions()) {
    if (function.kind == ActivationKind::None) {
      continue;
    }
    if (clips) {
      if (limits && !function.is_looked_up() &&
          static_cast<double>(limits->first) == function.low &&
          static_cast<double>(limits->second) == function.high) {
        return function.kind;
      }
    } else if (function.onnx == node.op) {
      return has_usual_parameters(node) ? std::optional(function.kind) : std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace systole
