#pragma once

#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// Element-wise sum of two tensors of the same shape.
struct AddTensors {
  FusedActivation activation;  ///< none or a clamp

  static std::vector<OpEntry> entries();
  void complete(const OpPlace& written) const;
  [[nodiscard]] Inferred infer(const InferInputs& in) const;
  [[nodiscard]] Work work() const;
  static void gradient(Backward& backward);
};

}  // namespace systole
