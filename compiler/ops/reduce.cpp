#include "compiler/ops/reduce.h"

#include <utility>

#include "compiler/ops/op.h"

namespace systole {

std::vector<OpEntry> ReduceRows::entries() {
  return {{.name = "reduce_sum",
           .onnx = "ReduceSum",
           .prototype = ReduceRows{},
           .attributes = {output_attribute()}},
          {.name = "reduce_mean",
           .onnx = "ReduceMean",
           .prototype = ReduceRows{.mean = true},
           .attributes = {output_attribute()}},
          {.name = "reduce_max",
           .onnx = "ReduceMax",
           .prototype = ReduceRows{.kind = ReduceKind::Largest},
           .attributes = {output_attribute()}}};
}

Inferred ReduceRows::infer(const InferInputs& in) {
  features = in.types[0].extents.back();
  check_reduction(features, in.where);
  Inferred inferred{.type = in.types[0], .quantization = in.quantizations[0]};
  inferred.type.extents.back() = 1;
  if (kind == ReduceKind::Sum && !mean) {
    inferred.quantization = in.defaults.output;
  }
  return inferred;
}

Work ReduceRows::work() const {
  RowRecipe recipe;
  const auto x = recipe.load(0);
  const auto reduced = kind == ReduceKind::Sum ? recipe.sum(x) : recipe.largest(x);
  if (mean) {
    recipe.multiply(reduced, recipe.number(1.0 / static_cast<double>(features)));
  }
  return RowWork{.pieces = {std::move(recipe).take(features)}, .parameters = {}, .tables = {}};
}

}  // namespace systole
