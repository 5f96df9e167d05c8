#include <fmt/format.h>

#include "compiler/ops/constant.h"
#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"

namespace systole {

/// As a formula, whose gradient is known.
GraphTensorId CombineConstant::train(Forward& forward) const {
  if (!is_number()) {
    forward.refuse("expected a constant of one number to train through, got one of several");
  }
  const std::string x = reversed ? fmt::format("({})", number) : "a";
  const std::string y = reversed ? "a" : fmt::format("({})", number);
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
  return forward.add("constant", formula_of(text()), {forward.input(0)});
}

}  // namespace systole
