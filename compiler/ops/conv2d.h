#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

struct Conv2d {
  Kernel kernel;
  std::int64_t groups = 1;
  WeightInfo weights;
  FusedActivation activation;
  std::int64_t channels = 1;  ///< of the output

  static std::vector<OpEntry> entries();
  void complete(const OpPlace& written) const;
  [[nodiscard]] Inferred infer(const InferInputs& in);
  [[nodiscard]] Work work() const;
  GraphTensorId train(Forward& forward) const;
};

}  // namespace systole
