#include "compiler/ops/ranking.h"

#include <optional>

#include <fmt/format.h>

#include "compiler/ops/composer.h"
#include "compiler/ops/make.h"

namespace systole {

namespace {

/// As many as int8 and bf16 tell apart, from 0 on.
constexpr std::int64_t kMostColumns = 256;
constexpr PartialQuantization kColumn{.scale = 1, .zero_point = -128};

ArgExtreme of_side(bool least) {
  ArgExtreme extreme;
  extreme.least = least;
  return extreme;
}

TopOfRows of_columns(bool columns) {
  TopOfRows top;
  top.columns = columns;
  return top;
}

/// Columns of others are moved far behind all.
Op first_largest(bool least, std::int64_t columns) {
  const std::string_view away = least ? "a + largest(0 - a)" : "largest(a) - a";
  return formula_of(fmt::format("0 - largest(0 - (column + 1e9 * positive({})))", away),
                    columns > kMostColumns ? std::optional(DataType::Fp32) : std::nullopt);
}

}  // namespace

std::vector<OpEntry> ArgExtreme::entries() {
  return {{.name = "arg_max",
           .onnx = "ArgMax",
           .prototype = of_side(false),
           .attributes = {output_attribute()}},
          {.name = "arg_min",
           .onnx = "ArgMin",
           .prototype = of_side(true),
           .attributes = {output_attribute()}}};
}

GraphTensorId ArgExtreme::compose(Composer& composer) const {
  const GraphTensorId input = composer.inputs().front();
  return composer.add_named(first_largest(least, composer.extents(input).back()), {input}, kColumn);
}

std::vector<OpEntry> TopOfRows::entries() {
  constexpr std::int64_t kMost = 64;
  const std::vector<Attribute> attributes{
      {"count", Attribute::Integer{.at = kAt<&TopOfRows::count>, .most = kMost}, "of each row",
       Attribute::Presence::Required},
      output_attribute()};
  return {
      {.name = "top_k", .onnx = "TopK", .prototype = of_columns(false), .attributes = attributes},
      {.name = "top_k_columns",
       .onnx = "",
       .prototype = of_columns(true),
       .attributes = attributes}};
}

GraphTensorId TopOfRows::compose(Composer& composer) const {
  GraphTensorId rows = composer.inputs().front();
  const std::int64_t width = composer.extents(rows).back();
  const Quantization in = composer.tensor(rows).quantization;
  const PartialQuantization same{.scale = in.scale, .zero_point = in.zero_point};
  if (count > width) {
    composer.where().fail(
        "count", fmt::format("expected at most the {} numbers of a row, got {}", width, count));
  }
  if (columns && width > kMostColumns) {
    composer.where().fail(
        fmt::format("expected rows of at most {} numbers, whose columns the "
                    "type tells apart, got {}",
                    kMostColumns, width));
  }
  std::vector<GraphTensorId> found;
  for (std::int64_t i = 0; i < count; ++i) {
    const bool is_only = count == 1;
    const auto add = [&](std::string_view what, Op op, const PartialQuantization& output) {
      return is_only ? composer.add_named(std::move(op), {rows}, output)
                     : composer.add(fmt::format("{}{}", what, i), std::move(op), {rows}, output);
    };
    if (!columns) {
      found.push_back(add("value", formula_of("largest(a)"), same));
    }
    if (columns || i + 1 < count) {
      const GraphTensorId column = columns
                                       ? add("column", first_largest(false, width), kColumn)
                                       : composer.add(fmt::format("column{}", i),
                                                      first_largest(false, width), {rows}, kColumn);
      if (columns) {
        found.push_back(column);
      }
      if (i + 1 < count) {
        rows = composer.add(fmt::format("rest{}", i),
                            formula_of("where(positive(abs(column - b)), a, -3e38)"),
                            {rows, column}, same);
      }
    }
  }
  const auto last_axis = static_cast<std::int64_t>(composer.extents(rows).size()) - 1;
  return found.size() == 1 ? found.front() : composer.add_named(joined_along(last_axis), found);
}

std::vector<OpEntry> OneHot::entries() {
  return {{.name = "one_hot",
           .onnx = "OneHot",
           .prototype = OneHot{},
           .attributes = {{"depth", Attribute::Integer{kAt<&OneHot::depth>}, "columns",
                           Attribute::Presence::Required},
                          output_attribute()}}};
}

GraphTensorId OneHot::compose(Composer& composer) const {
  const GraphTensorId input = composer.inputs().front();
  if (composer.extents(input).back() != 1) {
    composer.where().fail(fmt::format("expected an input of a single channel for one_hot, got {}",
                                      composer.extents(input).back()));
  }
  return composer.add_named(formula_with({.of = "1 - positive(abs(column - a))", .columns = depth}),
                            {input}, {.scale = 1, .zero_point = 0});
}

}  // namespace systole
