#pragma once

#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// Along the channels, in the order of the inputs.
struct Concat {
  static std::vector<OpEntry> entries();
  [[nodiscard]] static Inferred infer(const InferInputs& in);
  [[nodiscard]] static Work work();
};

}  // namespace systole
