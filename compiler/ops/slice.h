#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// Part of a tensor along one of its axes, `first`, `first + step`, ... `size` times.
struct SliceTensor {
  std::int64_t axis = 1;  ///< of the tensor's extents; 0, the batch, is never cut
  std::int64_t first = 0;
  std::int64_t size = 1;
  std::int64_t step = 1;
  Shape input;  ///< once that is known
  std::int64_t rank = 4;

  static std::vector<OpEntry> entries();
  [[nodiscard]] Inferred infer(const InferInputs& in);
  [[nodiscard]] Work work() const;
  void gradient(Backward& backward) const;
};

}  // namespace systole
