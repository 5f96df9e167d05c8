#include "compiler/ops/softmax.h"

#include <utility>

#include <fmt/format.h>

#include "compiler/ops/make.h"
#include "compiler/ops/mask_tables.h"
#include "compiler/ops/op.h"

namespace systole {

namespace {

constexpr Quantization kSoftmaxOutput{.scale = 1.0 / 256, .zero_point = -128};
constexpr Quantization kSymmetricOutput{.scale = 1.0 / 127, .zero_point = 0};

}  // namespace

std::vector<OpEntry> SoftmaxChannels::entries() {
  return {{.name = "softmax",
           .onnx = "Softmax",
           .prototype = SoftmaxChannels{},
           .attributes = {
               {"scale",
                Attribute::Real{.at = kAt<&SoftmaxChannels::scale>, .least = 1e-6, .most = 1e6},
                "of the inputs"},
               {"causal", Attribute::Flag{kAt<&SoftmaxChannels::causal>},
                "each row ends at its own position"},
               {"window", Attribute::Integer{.at = kAt<&SoftmaxChannels::window>, .least = 0},
                "of a causal row's columns the last ones; 0: all"},
               {"alibi", Attribute::Flag{kAt<&SoftmaxChannels::alibi>},
                "columns get a slope times their number first, in each head one of its own"},
               {"symmetric", Attribute::Flag{kAt<&SoftmaxChannels::symmetric>},
                "of int8, scale 1/127 and zero point 0"},
               kept_output("that of softmax is 1/256 and -128")}}};
}

Inferred SoftmaxChannels::infer(const InferInputs& in) {
  const Extents& extents = in.types[0].extents;
  keys = extents.back();
  queries = extents.size() < 2 ? 1 : extents[extents.size() - 2];
  if (causal && keys < queries) {
    in.where.fail("causal", fmt::format("expected at least as many columns as rows, got {} and {}",
                                        keys, queries));
  }
  if (window != 0 && !causal) {
    in.where.fail("window", "expected a causal softmax for a window, got none");
  }
  constexpr std::size_t kScoreAxes = 4;
  heads = extents.size() == kScoreAxes ? extents[1] : 1;
  if (alibi && extents.size() != kScoreAxes) {
    in.where.fail("alibi", fmt::format("expected scores of batch, heads, rows and columns, got {} "
                                       "axes",
                                       extents.size()));
  }
  return {.type = in.types[0], .quantization = symmetric ? kSymmetricOutput : kSoftmaxOutput};
}

Work SoftmaxChannels::work() const {
  if (scale == 1 && !causal && !symmetric && !alibi) {
    return SoftmaxWork{};
  }
  RowRecipe recipe;
  const auto factor = recipe.number(scale);
  const auto row = [&] {
    auto x = recipe.multiply(recipe.load(0), factor);
    if (alibi) {
      x = recipe.add(x, recipe.multiply(recipe.load_single(kSlopes), recipe.load(kColumns)));
    }
    return causal ? recipe.mask(x, queries, keys - queries, window) : x;
  };
  const auto largest = recipe.largest(row());
  const auto weight = [&] {
    return recipe.function(RealFunction::Exp, recipe.subtract(row(), largest));
  };
  const auto sum = recipe.sum(weight());
  recipe.divide(weight(), sum);
  RowWork work{.pieces = {std::move(recipe).take(keys)}, .parameters = {}, .tables = {}};
  if (alibi) {
    work.tables = {{.of = RowTable::Of::Slope, .positions = heads, .each = queries},
                   {.of = RowTable::Of::Column, .cols = keys}};
  }
  return work;
}

Op softmax_of(const SoftmaxForm& form) {
  return SoftmaxChannels{
      .causal = form.causal, .window = form.window, .alibi = form.alibi, .symmetric = true};
}

}  // namespace systole
