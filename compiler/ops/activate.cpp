#include "compiler/ops/activate.h"

#include <cmath>

#include <fmt/format.h>

#include "compiler/ops/composer.h"
#include "compiler/ops/make.h"

namespace systole {

namespace {

constexpr double kMostAlpha = 1e6;

/// What is below 0 is made of a factor of its own; empty where there is none.
std::string_view formula_text(ActivationKind kind) {
  if (kind == ActivationKind::LeakyRelu) {
    return "max(a, 0) + {} * min(a, 0)";
  }
  return kind == ActivationKind::Elu ? "max(a, 0) + {} * elu(min(a, 0))" : "";
}

std::vector<Attribute> attributes_of(ActivationKind kind) {
  std::vector<Attribute> attributes;
  if (!formula_text(kind).empty()) {
    attributes.push_back(
        {"alpha",
         Attribute::Real{.at = kAt<&Activate::alpha>, .least = -kMostAlpha, .most = kMostAlpha},
         "factor below 0"});
  }
  attributes.push_back(output_attribute());
  return attributes;
}

}  // namespace

std::vector<OpEntry> Activate::entries() {
  std::vector<OpEntry> entries;
  for (const NumberFunction& function : number_functions()) {
    if (function.kind != ActivationKind::None) {
      entries.push_back({.name = function.name(),
                         .onnx = function.onnx,
                         .prototype = Activate{.activation = {.kind = function.kind, .before = {}}},
                         .attributes = attributes_of(function.kind)});
    }
  }
  return entries;
}

Inferred Activate::infer(const InferInputs& in) {
  const NumberFunction& function = function_of(activation.kind);
  if (!function.is_looked_up()) {
    return {.type = in.types[0], .quantization = in.quantizations[0]};
  }
  activation.before = in.quantizations[0];
  return {.type = in.types[0], .quantization = in.defaults.behind(activation.kind)};
}

bool Activate::is_composed() const {
  return !std::isnan(alpha);
}

GraphTensorId Activate::compose(Composer& composer) const {
  return composer.add_named(
      formula_of(fmt::format(fmt::runtime(formula_text(activation.kind)), alpha)),
      composer.inputs());
}

Work Activate::work() const {
  return RescaleWork{.activation = activation.kind};
}

}  // namespace systole
