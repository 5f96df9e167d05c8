#include "compiler/ops/mask.h"

#include <utility>

#include <fmt/format.h>

#include "compiler/ops/make.h"
#include "compiler/ops/mask_tables.h"
#include "compiler/ops/op.h"

namespace systole {

std::vector<OpEntry> MaskScores::entries() {
  return {{.name = "mask",
           .onnx = "",
           .prototype = MaskScores{},
           .attributes = {{"causal", Attribute::Flag{kAt<&MaskScores::causal>},
                           "columns behind a row's own are not seen"},
                          {"offset", Attribute::Integer{.at = kAt<&MaskScores::offset>, .least = 0},
                           "column of the first row"},
                          {"window", Attribute::Integer{.at = kAt<&MaskScores::window>, .least = 0},
                           "of the columns up to a row's own the last ones are seen; 0: all"},
                          {"alibi", Attribute::Flag{kAt<&MaskScores::alibi>},
                           "columns get a slope times their number, in each head one of its own"},
                          {"first", Attribute::Integer{.at = kAt<&MaskScores::first>, .least = 0},
                           "number of the first column, for alibi"},
                          output_attribute()}}};
}

Inferred MaskScores::infer(const InferInputs& in) {
  constexpr std::size_t kAxes = 4;
  const Extents& extents = in.types[0].extents;
  keys = extents.back();
  queries = extents.size() < 2 ? 1 : extents[extents.size() - 2];
  heads = extents.size() == kAxes ? extents[1] : 1;
  if (alibi && extents.size() != kAxes) {
    in.where.fail("alibi", fmt::format("expected scores of batch, heads, rows and columns, got {} "
                                       "axes",
                                       extents.size()));
  }
  if (window != 0 && !causal) {
    in.where.fail("window", "expected a causal mask for a window, got none");
  }
  return {.type = in.types[0], .quantization = in.quantizations[0]};
}

Work MaskScores::work() const {
  RowRecipe recipe;
  RowWork work;
  auto x = recipe.load(0);
  if (alibi) {
    const auto slope = recipe.load_single(kSlopes);
    auto column = recipe.load(kColumns);
    if (first != 0) {
      column = recipe.add(column, recipe.number(static_cast<double>(first)));
    }
    x = recipe.add(x, recipe.multiply(slope, column));
    work.tables = {{.of = RowTable::Of::Slope, .positions = heads, .each = queries},
                   {.of = RowTable::Of::Column, .cols = keys}};
  }
  if (causal) {
    recipe.mask(x, queries, offset, window);
  }
  work.pieces = {std::move(recipe).take(keys)};
  return work;
}

Op mask_of(const MaskForm& form) {
  return MaskScores{.causal = form.causal,
                    .offset = form.offset,
                    .window = form.window,
                    .alibi = form.alibi,
                    .first = form.first};
}

}  // namespace systole
