#pragma once

#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// The same elements, in the same order, under other extents; the batch stays.
struct ReshapeTensor {
  Extents extents;  ///< without the batch

  static std::vector<OpEntry> entries();
  [[nodiscard]] Inferred infer(const InferInputs& in) const;
  [[nodiscard]] static Work work();
};

}  // namespace systole
