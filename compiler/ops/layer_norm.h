#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// Over the features of each row (the last axis): mean 0 and variance 1, or with `rms_norm` a mean
/// square of 1, then times a weight and plus a bias for each feature.
struct NormalizeRows {
  bool centred = true;  ///< layer_norm; rms_norm leaves the mean where it is and has no bias
  double epsilon = 1e-5;
  bool bias = true;
  std::int64_t features = 0;  ///< of the input, once that is known

  static std::vector<OpEntry> entries();
  [[nodiscard]] Inferred infer(const InferInputs& in);
  [[nodiscard]] Work work() const;
  GraphTensorId train(Forward& forward) const;
};

}  // namespace systole
