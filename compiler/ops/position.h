#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// A learned number is added for each feature of each position, the axis before the last.
struct EmbedPositions {
  std::int64_t positions = 1;  ///< of the input, once they are known
  std::int64_t features = 0;

  static std::vector<OpEntry> entries();
  [[nodiscard]] Inferred infer(const InferInputs& in);
  [[nodiscard]] Work work() const;
  GraphTensorId train(Forward& forward) const;
};

}  // namespace systole
