#include <functional>
#include <numeric>
#include <string>

#include <fmt/format.h>

#include "compiler/ops/constant.h"
#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"

namespace systole {

/// As a formula, whose gradient is known. Of several numbers these are an input of it: one row for
/// all pixels, or, of several positions, for all images, each of which is a row then.
GraphTensorId CombineConstant::train(Forward& forward) const {
  const std::string constant = is_number() ? fmt::format("({})", number) : "b";
  const std::string x = reversed ? constant : "a";
  const std::string y = reversed ? "a" : constant;
  const auto text = [&] {
    switch (kind) {
      case PairKind::Add:
        return fmt::format("{} + {}", x, y);
      case PairKind::Subtract:
        return fmt::format("{} - {}", x, y);
      case PairKind::Multiply:
        return fmt::format("{} * {}", x, y);
      case PairKind::Divide:
        return fmt::format("{} / {}", x, y);
      case PairKind::Larger:
        return fmt::format("max({}, {})", x, y);
      case PairKind::Smaller:
        return fmt::format("min({}, {})", x, y);
    }
    return std::string();
  };
  const GraphTensorId tensor = forward.input(0);
  if (is_number()) {
    return forward.add("constant", formula_of(text()), {tensor});
  }
  const std::int64_t all =
      std::accumulate(extents.begin(), extents.end(), std::int64_t{1}, std::multiplies<>());
  const std::int64_t width = extents.back();
  if (all == width) {
    return forward.add("constant", formula_of(text()),
                       {forward.rows(tensor), forward.summand(1, {1, 1, width})});
  }
  const std::int64_t images = forward.type(tensor).elements() / (all / width * columns);
  if (images > 1 && width != columns) {
    forward.refuse(
        "expected a constant with a number for each feature to train through, got one with a "
        "number for each position");
  }
  const Extents rows = images == 1 ? Extents{1, all / width, columns} : Extents{1, images, all};
  const Extents numbers = images == 1 ? Extents{1, all / width, width} : Extents{1, 1, all};
  return forward.add("constant", formula_of(text()),
                     {forward.view(tensor, rows), forward.summand(1, numbers)});
}

}  // namespace systole
