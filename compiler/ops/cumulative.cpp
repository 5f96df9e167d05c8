#include "compiler/ops/cumulative.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compiler/ops/composer.h"
#include "compiler/ops/make.h"

namespace systole {

std::vector<OpEntry> AddShifted::entries() {
  return {
      {.name = "add_shifted",
       .onnx = "",
       .prototype = AddShifted{},
       .attributes = {
           {"by", Attribute::Integer{.at = kAt<&AddShifted::by>, .most = kMaxFeatures}, "columns"},
           {"reverse", Attribute::Flag{kAt<&AddShifted::reverse>},
            "the number behind it in place of the one before"},
           output_attribute()}}};
}

Inferred AddShifted::infer(const InferInputs& in) {
  columns = in.types[0].extents.back();
  if (by >= columns) {
    in.where.fail("by", fmt::format("expected fewer than the {} columns, got {}", columns, by));
  }
  return {.type = in.types[0], .quantization = in.defaults.output};
}

Work AddShifted::work() const {
  RowRecipe sum;
  const auto own = sum.load(0, reverse ? 0 : by);
  sum.add(own, sum.load(0, reverse ? by : 0));
  RowRecipe rest;
  rest.load(0, reverse ? columns - by : 0);
  RowPiece summed = std::move(sum).take(columns - by, reverse ? 0 : by);
  RowPiece kept = std::move(rest).take(by, reverse ? columns - by : 0);
  return RowWork{.pieces = {std::move(kept), std::move(summed)}, .parameters = {}, .tables = {}};
}

Op shifted_sum(std::int64_t by, bool reverse) {
  return AddShifted{.by = by, .reverse = reverse};
}

std::vector<OpEntry> CumulativeSum::entries() {
  return {{.name = "cumulative_sum",
           .onnx = "CumSum",
           .prototype = CumulativeSum{},
           .attributes = {{"reverse", Attribute::Flag{kAt<&CumulativeSum::reverse>},
                           "from the last column on"},
                          output_attribute()}}};
}

GraphTensorId CumulativeSum::compose(Composer& composer) const {
  GraphTensorId sums = composer.inputs().front();
  const std::int64_t columns = composer.extents(sums).back();
  if (columns == 1) {
    return composer.add_named(formula_of("a"), {sums});
  }
  for (std::int64_t by = 1; by < columns; by *= 2) {
    const bool is_last = 2 * by >= columns;
    sums = is_last ? composer.add_named(shifted_sum(by, reverse), {sums})
                   : composer.add(fmt::format("by{}", by), shifted_sum(by, reverse), {sums});
  }
  return sums;
}

}  // namespace systole
