#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "compiler/frontend/onnx/passes/passes.h"
#include "compiler/frontend/onnx/passes/pattern.h"
#include "compiler/ops/functions.h"

namespace systole {

namespace {

/// A product of values that depend on inputs, times a number.
struct Product {
  double factor = 1;
  std::vector<ImportValueId> values;
};

/// Multiplies out what `value` is a product of; products that others read too stay whole.
void multiply_out(const Pattern& pattern, ImportValueId value, bool is_root, Product& product,
                  int depth = 0) {
  constexpr int kDeepest = 8;  // more than functions are spelled out in
  const ImportNode* node = depth > kDeepest ? nullptr : pattern.maker(value);
  if (const auto number = pattern.graph().scalar(value)) {
    product.factor *= static_cast<double>(*number);
    return;
  }
  if (node != nullptr && (is_root || pattern.is_read_once(value))) {
    if (node->is("Mul")) {
      multiply_out(pattern, node->input(0), false, product, depth + 1);
      multiply_out(pattern, node->input(1), false, product, depth + 1);
      return;
    }
    const auto divisor = pattern.graph().scalar(node->input(1));
    if (node->is("Div") && divisor) {
      multiply_out(pattern, node->input(0), false, product, depth + 1);
      product.factor /= static_cast<double>(*divisor);
      return;
    }
  }
  product.values.push_back(value);
}

bool is_near(double value, double wanted) {
  constexpr double kShare = 1e-3;  // exporters write 1.4142 and 0.7979, too
  return std::abs(value - wanted) <= kShare * std::abs(wanted);
}

/// Whether `value` is the function `op` of x times `factor`.
bool is_function_of_scaled(const Pattern& pattern, ImportValueId value, std::string_view op,
                           ImportValueId x, double factor) {
  const ImportNode* node = pattern.maker(value, op);
  if (node == nullptr) {
    return false;
  }
  Product inside;
  multiply_out(pattern, node->input(0), true, inside);
  return inside.values == std::vector<ImportValueId>{x} && is_near(inside.factor, factor);
}

/// What is added to the number, if `value` is such a sum.
ImportValueId plus(const Pattern& pattern, ImportValueId value, double number) {
  const ImportNode* node = pattern.maker(value, "Add");
  if (node == nullptr) {
    return kNoValue;
  }
  for (const std::size_t side : kSides) {
    const auto scalar = pattern.graph().scalar(node->input(side));
    if (scalar && is_near(static_cast<double>(*scalar), number)) {
      return node->input(1 - side);
    }
  }
  return kNoValue;
}

/// sqrt(2 / pi) * (x + 0.044715 x^3)
bool is_inside_of_tanh(const Pattern& pattern, ImportValueId value, ImportValueId x) {
  constexpr double kFactor = 0.79788456080286535588;
  constexpr double kCubic = 0.044715;
  Product outer;
  multiply_out(pattern, value, true, outer);
  if (outer.values.size() != 1 || !is_near(outer.factor, kFactor)) {
    return false;
  }
  const ImportNode* sum = pattern.maker(outer.values.front(), "Add");
  if (sum == nullptr) {
    return false;
  }
  for (const std::size_t side : kSides) {
    if (sum->input(side) != x) {
      continue;
    }
    Product cubic;
    multiply_out(pattern, sum->input(1 - side), true, cubic);
    const bool multiplied = cubic.values == std::vector<ImportValueId>{x, x, x};
    const ImportNode* power =
        cubic.values.size() == 1 ? pattern.maker(cubic.values.front(), "Pow") : nullptr;
    const bool raised =
        power != nullptr && power->input(0) == x && pattern.graph().scalar(power->input(1)) == 3.0F;
    if ((multiplied || raised) && is_near(cubic.factor, kCubic)) {
      return true;
    }
  }
  return false;
}

/// The function of x that x times `other` times `factor` is.
std::optional<ActivationKind> product_with(const Pattern& pattern, ImportValueId x,
                                           ImportValueId other, double factor) {
  constexpr double kInverseRoot = 0.70710678118654752440;
  const ImportNode* node = pattern.maker(other);
  if (node == nullptr) {
    return std::nullopt;
  }
  if (is_near(factor, 1) && node->is("Sigmoid") && node->input(0) == x) {
    return ActivationKind::Silu;
  }
  if (is_near(factor, 1) && node->is("HardSigmoid") && node->input(0) == x &&
      is_near(static_cast<double>(node->number("alpha", 0.2F)), 1.0 / 6) &&
      is_near(static_cast<double>(node->number("beta", 0.5F)), 0.5)) {
    return ActivationKind::HardSwish;
  }
  if (is_near(factor, 1.0 / 6) && pattern.is_clip(*node, 0, 6) &&
      plus(pattern, node->input(0), 3) == x) {
    return ActivationKind::HardSwish;
  }
  if (is_near(factor, 0.5)) {
    const ImportValueId inner = plus(pattern, other, 1);
    if (inner != kNoValue && is_function_of_scaled(pattern, inner, "Erf", x, kInverseRoot)) {
      return ActivationKind::Gelu;
    }
    const ImportNode* tangent = inner == kNoValue ? nullptr : pattern.maker(inner, "Tanh");
    if (tangent != nullptr && is_inside_of_tanh(pattern, tangent->input(0), x)) {
      return ActivationKind::GeluTanh;
    }
  }
  return std::nullopt;
}

bool recognise_function(const Pattern& pattern, ImportNode& node) {
  if (!node.is("Mul") && !node.is("Div")) {
    return false;
  }
  Product product;
  multiply_out(pattern, node.outputs.front(), true, product);
  if (product.values.size() != 2) {
    return false;
  }
  for (const std::size_t side : kSides) {
    const ImportValueId x = product.values[side];
    const auto kind = product_with(pattern, x, product.values[1 - side], product.factor);
    if (kind) {
      node.op = "Function";
      node.domain = "systole";
      node.inputs = {x};
      node.attributes.clear();
      OnnxAttribute function{.kind = OnnxAttribute::Kind::String};
      function.text = std::string(name_of(*kind));
      node.attributes.insert_or_assign("function", std::move(function));
      return true;
    }
  }
  return false;
}

}  // namespace

std::int64_t recognise_functions(ImportGraph& graph) {
  std::int64_t recognised = 0;
  const Pattern pattern(graph);
  // From the end: a product within another is that one's.
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    recognised += recognise_function(pattern, *node) ? 1 : 0;
  }
  remove_unused(graph);
  return recognised;
}

}  // namespace systole
