#include "compiler/ops/elementwise.h"

#include <cmath>
#include <string>

#include <fmt/format.h>

#include "compiler/ops/composer.h"
#include "compiler/ops/make.h"

namespace systole {

namespace {

constexpr double kLargestBound = 1e30;
constexpr double kMostFactors = 16;

NamedFormula of_kind(NamedFormula::Kind kind) {
  NamedFormula formula;
  formula.kind = kind;
  return formula;
}

std::string power_text(double exponent) {
  const double size = std::abs(exponent);
  std::string text;
  if (size == 0) {
    return "a * 0 + 1";
  }
  if (size == std::floor(size) && size <= kMostFactors) {
    for (int i = 0; i < static_cast<int>(size); ++i) {
      text += i == 0 ? "a" : " * a";
    }
  } else if (size == std::floor(size * 2) / 2 && size < 1) {
    text = "sqrt(a)";
  } else {
    text = fmt::format("exp(log(a) * {})", size);
  }
  return exponent < 0 ? "1 / (" + text + ")" : text;
}

}  // namespace

std::vector<OpEntry> NamedFormula::entries() {
  return {{.name = "clip",
           .onnx = "Clip",
           .prototype = of_kind(Kind::Clip),
           .attributes = {{"low",
                           Attribute::Real{.at = kAt<&NamedFormula::low>,
                                           .least = -kLargestBound,
                                           .most = kLargestBound},
                           "what is below becomes this"},
                          {"high",
                           Attribute::Real{.at = kAt<&NamedFormula::high>,
                                           .least = -kLargestBound,
                                           .most = kLargestBound},
                           "what is above becomes this"},
                          output_attribute()}},
          {.name = "pow",
           .onnx = "Pow",
           .prototype = of_kind(Kind::Power),
           .attributes = {{"exponent",
                           Attribute::Real{.at = kAt<&NamedFormula::exponent>,
                                           .least = -kLargestBound,
                                           .most = kLargestBound},
                           "whole ones up to 16 are products, others of numbers above 0",
                           Attribute::Presence::Required},
                          output_attribute()}},
          {.name = "select",
           .onnx = "Where",
           .prototype = of_kind(Kind::Select),
           .inputs = InputCount::Three,
           .attributes = {output_attribute()}}};
}

void NamedFormula::complete(const OpPlace& written) const {
  if (kind == Kind::Clip && low > high) {
    written.fail("high", fmt::format("expected at least low, {}, got {}", low, high));
  }
}

GraphTensorId NamedFormula::compose(Composer& composer) const {
  const std::vector<GraphTensorId>& inputs = composer.inputs();
  switch (kind) {
    case Kind::Clip: {
      const Quantization& in = composer.tensor(inputs.front()).quantization;
      return composer.add_named(formula_of(fmt::format("min(max(a, {}), {})", low, high)), inputs,
                                {.scale = in.scale, .zero_point = in.zero_point});
    }
    case Kind::Power:
      return composer.add_named(formula_of(power_text(exponent)), inputs);
    case Kind::Select: {
      const Quantization& chosen = composer.tensor(inputs[1]).quantization;
      return composer.add_named(formula_of("where(a, b, c)"), inputs,
                                {.scale = chosen.scale, .zero_point = chosen.zero_point});
    }
  }
  return -1;
}

}  // namespace systole
