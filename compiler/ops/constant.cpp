#include "compiler/ops/constant.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/ops/op.h"

namespace systole {

namespace {

constexpr double kLargestNumber = 1e30;

OpEntry entry(std::string_view name, PairKind kind) {
  return {.name = name,
          .onnx = "",
          .prototype = CombineConstant{.kind = kind},
          .attributes = {{"number",
                          Attribute::Real{.at = kAt<&CombineConstant::number>,
                                          .least = -kLargestNumber,
                                          .most = kLargestNumber},
                          "the constant, where it is a single one"},
                         {"extents", Attribute::Sizes{kAt<&CombineConstant::extents>},
                          "of a constant of several; the features unless given"},
                         {"reversed", Attribute::Flag{kAt<&CombineConstant::reversed>},
                          "the constant is the first operand"},
                         output_attribute()}};
}

}  // namespace

std::vector<OpEntry> CombineConstant::entries() {
  return {
      entry("add_constant", PairKind::Add),        entry("mul_constant", PairKind::Multiply),
      entry("sub_constant", PairKind::Subtract),   entry("div_constant", PairKind::Divide),
      entry("maximum_constant", PairKind::Larger), entry("minimum_constant", PairKind::Smaller)};
}

void CombineConstant::complete(const OpPlace& written) {
  if (written.has("number") && written.has("extents")) {
    written.fail("extents", "expected either number or extents, got both");
  }
}

Inferred CombineConstant::infer(const InferInputs& in) {
  const Extents& tensor = in.types[0].extents;
  columns = tensor.back();
  if (extents.empty()) {
    extents = {is_number() ? 1 : columns};
  }
  Extents rows(extents.begin(), extents.end() - 1);
  while (!rows.empty() && rows.front() == 1) {
    rows.erase(rows.begin());
  }
  const bool fits = rows.empty() || (rows.size() + 2 <= tensor.size() &&
                                     std::equal(rows.rbegin(), rows.rend(), tensor.rbegin() + 1));
  if (!is_number() && (!fits || (extents.back() != columns && extents.back() != 1))) {
    in.where.fail(
        "extents",
        fmt::format("expected the last axes of {} behind the batch, or 1 in place of the "
                    "last, got {}",
                    fmt::join(tensor.begin() + 1, tensor.end(), " x "), fmt::join(extents, " x ")));
  }
  return {.type = in.types[0], .quantization = in.defaults.output};
}

Work CombineConstant::work() const {
  RowRecipe recipe;
  const auto operand = [&](bool constant) {
    if (!constant) {
      return recipe.load(0);
    }
    if (is_number()) {
      return recipe.number(number);
    }
    return extents.back() == 1 ? recipe.load_single(1) : recipe.load(1);
  };
  const auto a = operand(reversed);
  const auto b = operand(!reversed);
  recipe.pair(kind, a, b);
  RowWork work{.pieces = {std::move(recipe).take(columns)}, .parameters = {}, .tables = {}};
  if (!is_number()) {
    const bool near_one = kind == PairKind::Multiply || kind == PairKind::Divide;
    work.parameters = {{.suffix = ".weight",
                        .features = extents.back(),
                        .positions = std::accumulate(extents.begin(), extents.end() - 1,
                                                     std::int64_t{1}, std::multiplies<>()),
                        .middle = near_one ? 1.0 : 0.0}};
  }
  return work;
}

bool CombineConstant::is_number() const {
  return !std::isnan(number);
}

}  // namespace systole
