#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// Rows and columns of an image change places, pixel by pixel. (A product takes an operand
/// transposed as it is: transpose_b of matmul.)
struct TransposePixels {
  static std::vector<OpEntry> entries();
  [[nodiscard]] static Inferred infer(const InferInputs& in);
  [[nodiscard]] static Work work();
  static void gradient(Backward& backward);
};

}  // namespace systole
