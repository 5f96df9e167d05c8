#include "compiler/ops/position.h"

#include <utility>

#include "compiler/ops/op.h"

namespace systole {

std::vector<OpEntry> EmbedPositions::entries() {
  return {{.name = "position_embedding",
           .onnx = "",
           .prototype = EmbedPositions{},
           .attributes = {output_attribute()}}};
}

Inferred EmbedPositions::infer(const InferInputs& in) {
  const Extents& extents = in.types[0].extents;
  features = extents.back();
  positions = extents.size() < 3 ? 1 : extents[extents.size() - 2];
  return {.type = in.types[0], .quantization = in.defaults.output};
}

Work EmbedPositions::work() const {
  RowRecipe recipe;
  const auto x = recipe.load(0);
  recipe.add(x, recipe.load(1));
  return RowWork{
      .pieces = {std::move(recipe).take(features)},
      .parameters = {{.suffix = ".weight", .features = features, .positions = positions}},
      .tables = {}};
}

}  // namespace systole
