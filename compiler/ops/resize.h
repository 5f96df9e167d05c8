#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// An image whose rows and columns each stand `factor` times: the nearest pixel.
struct ResizeTensor {
  std::int64_t factor = 2;

  static std::vector<OpEntry> entries();
  [[nodiscard]] Inferred infer(const InferInputs& in) const;
  [[nodiscard]] Work work() const;
  void gradient(Backward& backward) const;
};

}  // namespace systole
