#include "compiler/ops/combine.h"
#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"

namespace systole {

namespace {

std::string formula_text(PairKind kind) {
  switch (kind) {
    case PairKind::Add:
      return "a + b";
    case PairKind::Subtract:
      return "a - b";
    case PairKind::Multiply:
      return "a * b";
    case PairKind::Divide:
      return "a / b";
    case PairKind::Larger:
      return "max(a, b)";
    case PairKind::Smaller:
      return "min(a, b)";
  }
  return "";
}

}  // namespace

/// As a formula, whose gradient is known.
GraphTensorId CombineTensors::train(Forward& forward) const {
  return forward.add("pair", formula_of(formula_text(kind)), {forward.input(0), forward.input(1)});
}

}  // namespace systole
