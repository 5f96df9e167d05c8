#pragma once

#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// A view: rows x cols x channels become channels, in this order; moves nothing.
struct Flatten {
  static std::vector<OpEntry> entries();
  [[nodiscard]] static Inferred infer(const InferInputs& in);
  [[nodiscard]] static Work work();
};

}  // namespace systole
