#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// Along one axis, in the order of the inputs.
struct Concat {
  std::int64_t axis = 0;  ///< of the tensors' extents; 0 stands for the last
  std::int64_t rank = 4;
  std::vector<std::int64_t> sizes;  ///< of the inputs along the axis, once they are known

  static std::vector<OpEntry> entries();
  [[nodiscard]] Inferred infer(const InferInputs& in);
  [[nodiscard]] Work work() const;
  void gradient(Backward& backward) const;
};

}  // namespace systole
