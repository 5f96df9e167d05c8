#include <fmt/format.h>

#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"
#include "compiler/ops/reduce.h"

namespace systole {

/// As a formula, whose gradient is known.
GraphTensorId ReduceRows::train(Forward& forward) const {
  const std::string share = fmt::format(" * {}", 1.0 / static_cast<double>(features));
  const std::string text =
      kind == ReduceKind::Largest ? "largest(a)" : "sum(a)" + (mean ? share : std::string());
  return forward.add("reduced", formula_of(text), {forward.input(0)});
}

}  // namespace systole
