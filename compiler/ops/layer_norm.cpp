#include "compiler/ops/layer_norm.h"

#include <utility>

#include "compiler/ops/op.h"

namespace systole {

namespace {

constexpr double kLeastEpsilon = 1e-12;

}  // namespace

std::vector<OpEntry> NormalizeRows::entries() {
  const Attribute epsilon{
      "epsilon",
      Attribute::Real{.at = kAt<&NormalizeRows::epsilon>, .least = kLeastEpsilon, .most = 1},
      "added to the variance"};
  const Attribute bias{"bias", Attribute::Flag{kAt<&NormalizeRows::bias>},
                       "something is added per feature"};
  return {{.name = "layer_norm",
           .onnx = "LayerNormalization",
           .prototype = NormalizeRows{},
           .attributes = {epsilon, bias, output_attribute()}},
          {.name = "rms_norm",
           .onnx = "RMSNormalization",
           .prototype = NormalizeRows{.centred = false, .bias = false},
           .attributes = {epsilon, output_attribute()}}};
}

Inferred NormalizeRows::infer(const InferInputs& in) {
  features = in.types[0].extents.back();
  check_reduction(features, in.where);
  return {.type = in.types[0], .quantization = in.defaults.output};
}

Work NormalizeRows::work() const {
  RowRecipe recipe;
  RowRecipe::Value mean = 0;
  const auto row = [&] {
    const auto x = recipe.load(0);
    return centred ? recipe.subtract(x, mean) : x;
  };
  const auto share = recipe.number(1.0 / static_cast<double>(features));
  if (centred) {
    mean = recipe.multiply(recipe.sum(recipe.load(0)), share);
  }
  const auto shifted = row();
  const auto squares = recipe.sum(recipe.multiply(shifted, shifted));
  const auto variance = recipe.multiply(squares, share);
  const auto inverse =
      recipe.function(RealFunction::Rsqrt, recipe.add(variance, recipe.number(epsilon)));
  const auto scaled = recipe.multiply(row(), inverse);
  const auto weighted = recipe.multiply(scaled, recipe.load(1));
  if (bias) {
    recipe.add(weighted, recipe.load(2));
  }
  RowWork work{.pieces = {std::move(recipe).take(features)},
               .parameters = {{.suffix = ".weight", .features = features, .middle = 1}},
               .tables = {}};
  if (bias) {
    work.parameters.push_back({.suffix = ".bias", .features = features, .middle = 0});
  }
  return work;
}

}  // namespace systole
