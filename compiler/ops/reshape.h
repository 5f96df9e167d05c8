#pragma once

#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// The same elements, in the same order, under other extents; the batch stays, or is one of them.
struct ReshapeTensor {
  Extents extents;     ///< without the batch, unless `whole`
  bool whole = false;  ///< the extents are all axes of the output

  static std::vector<OpEntry> entries();
  [[nodiscard]] Inferred infer(const InferInputs& in) const;
  [[nodiscard]] static Work work();
  static void gradient(Backward& backward);
};

}  // namespace systole
