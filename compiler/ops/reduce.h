#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// The last axis of a tensor becomes a single number: the sum, the mean or the largest.
struct ReduceRows {
  ReduceKind kind = ReduceKind::Sum;
  bool mean = false;
  std::int64_t features = 0;  ///< of the input, once that is known

  static std::vector<OpEntry> entries();
  [[nodiscard]] Inferred infer(const InferInputs& in);
  [[nodiscard]] Work work() const;
  GraphTensorId train(Forward& forward) const;
};

}  // namespace systole
