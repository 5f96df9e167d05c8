#pragma once

#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// Over the channels of each pixel; in int8 with output scale 1/256, zero point -128.
struct SoftmaxChannels {
  static std::vector<OpEntry> entries();
  [[nodiscard]] static Inferred infer(const InferInputs& in);
  [[nodiscard]] static Work work();
};

}  // namespace systole
