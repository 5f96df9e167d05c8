#include "compiler/ops/combine.h"

#include <utility>

#include <fmt/format.h>

#include "compiler/ops/broadcast.h"
#include "compiler/ops/op.h"

namespace systole {

namespace {

OpEntry entry(std::string_view name, std::string_view onnx, PairKind kind) {
  return {.name = name,
          .onnx = onnx,
          .prototype = CombineTensors{.kind = kind},
          .inputs = InputCount::Two,
          .attributes = {output_attribute()}};
}

}  // namespace

std::vector<OpEntry> CombineTensors::entries() {
  return {entry("mul", "Mul", PairKind::Multiply), entry("sub", "Sub", PairKind::Subtract),
          entry("div", "Div", PairKind::Divide), entry("maximum", "Max", PairKind::Larger),
          entry("minimum", "Min", PairKind::Smaller)};
}

Inferred CombineTensors::infer(const InferInputs& in) {
  const bool first = reaches(in.image(1), in.image(0));
  if (!first && !reaches(in.image(0), in.image(1))) {
    in.where.fail(
        fmt::format("expected inputs of one shape, or one with a single pixel or a single "
                    "channel, got {} and {}",
                    shape_text(in.image(0)), shape_text(in.image(1))));
  }
  const std::size_t large = first ? 0 : 1;
  channels = in.image(large).channels;
  for (std::size_t input = 0; input < single.size(); ++input) {
    single[input] = in.image(input).channels == 1 && channels > 1;
  }
  return {.type = in.types[large], .quantization = in.defaults.output};
}

Work CombineTensors::work() const {
  RowRecipe recipe;
  const auto a = single[0] ? recipe.load_single(0) : recipe.load(0);
  const auto b = single[1] ? recipe.load_single(1) : recipe.load(1);
  recipe.pair(kind, a, b);
  return RowWork{.pieces = {std::move(recipe).take(channels)}, .parameters = {}, .tables = {}};
}

}  // namespace systole
