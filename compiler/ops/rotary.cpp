#include "compiler/ops/rotary.h"

#include <utility>

#include <fmt/format.h>

#include "compiler/ops/op.h"

namespace systole {

namespace {

/// Of the recipe's loads: the input, and the tables behind it.
constexpr std::int32_t kRows = 0;
constexpr std::int32_t kCosines = 1;
constexpr std::int32_t kSines = 2;

}  // namespace

std::vector<OpEntry> RotateRows::entries() {
  return {{.name = "rotary",
           .onnx = "RotaryEmbedding",
           .prototype = RotateRows{},
           .attributes = {
               {"heads", Attribute::Integer{kAt<&RotateRows::heads>}, "side by side in a row"},
               {"rotated", Attribute::Integer{kAt<&RotateRows::rotated>},
                "features of each head that turn, the first ones; all unless given"},
               {"base", Attribute::Real{.at = kAt<&RotateRows::base>, .least = 1, .most = 1e9},
                "of the angles' geometric series"},
               {"interleaved", Attribute::Flag{kAt<&RotateRows::interleaved>},
                "neighbours are pairs, in place of numbers of both halves"},
               {"first", Attribute::Integer{.at = kAt<&RotateRows::first>, .least = 0},
                "position of the first row"},
               output_attribute()}}};
}

Inferred RotateRows::infer(const InferInputs& in) {
  const Extents& extents = in.types[0].extents;
  features = extents.back();
  positions = extents.size() < 2 ? 1 : extents[extents.size() - 2];
  if (features % (2 * heads) != 0) {
    in.where.fail("heads", fmt::format("expected heads of an even number of features each, got {} "
                                       "features and {} heads",
                                       features, heads));
  }
  if (rotated % 2 != 0 || rotated > features / heads) {
    in.where.fail("rotated", fmt::format("expected an even number of a head's {} features, got {}",
                                         features / heads, rotated));
  }
  return {.type = in.types[0], .quantization = in.quantizations[0]};
}

Work RotateRows::work() const {
  RowWork work;
  const std::int64_t width = features / heads;
  const std::int64_t half = (rotated == 0 ? width : rotated) / 2;
  // (a, b) turns to (a cos - b sin, b cos + a sin): the halves of a head.
  const auto turned = [&](std::int64_t one, std::int64_t other, PairKind kind) {
    RowRecipe recipe;
    const auto a = recipe.load(kRows, one);
    const auto with_cosine = recipe.multiply(a, recipe.load(kCosines));
    const auto b = recipe.load(kRows, other);
    const auto with_sine = recipe.multiply(b, recipe.load(kSines));
    recipe.pair(kind, with_cosine, with_sine);
    work.pieces.push_back(std::move(recipe).take(half, one));
  };
  // The same of neighbours: cosines twice each, sines of the first of a pair negative.
  const auto turned_pairs = [&](std::int64_t begin) {
    RowRecipe recipe;
    const auto with_cosine = recipe.multiply(recipe.load(kRows, begin), recipe.load(kCosines));
    const auto with_sine = recipe.multiply(recipe.load_swapped(kRows, begin), recipe.load(kSines));
    recipe.pair(back ? PairKind::Subtract : PairKind::Add, with_cosine, with_sine);
    work.pieces.push_back(std::move(recipe).take(2 * half, begin));
  };
  for (std::int64_t head = 0; head < heads; ++head) {
    const std::int64_t begin = head * width;
    if (interleaved) {
      turned_pairs(begin);
    } else {
      turned(begin, begin + half, back ? PairKind::Add : PairKind::Subtract);
      turned(begin + half, begin, back ? PairKind::Subtract : PairKind::Add);
    }
    if (2 * half < width) {
      RowRecipe rest;
      rest.load(kRows, begin + 2 * half);
      work.pieces.push_back(std::move(rest).take(width - 2 * half, begin + 2 * half));
    }
  }
  for (const RowTable::Of of : {RowTable::Of::Cosine, RowTable::Of::Sine}) {
    work.tables.push_back({.of = of,
                           .first = first,
                           .positions = positions,
                           .cols = interleaved ? 2 * half : half,
                           .base = base,
                           .doubled = interleaved});
  }
  return work;
}

}  // namespace systole
