#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// Contracts the last of two or three axes; an image of four has to have one pixel.
struct Dense {
  WeightInfo weights;
  FusedActivation activation;
  std::int64_t features = 1;  ///< of the output

  static std::vector<OpEntry> entries();
  void complete(const OpPlace& written) const;
  [[nodiscard]] Inferred infer(const InferInputs& in);
  [[nodiscard]] Work work() const;
  GraphTensorId train(Forward& forward) const;
};

}  // namespace systole
