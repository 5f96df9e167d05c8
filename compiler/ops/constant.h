#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// A tensor and a constant, element by element. The constant is a number, or a parameter whose axes
/// are the tensor's last ones: its last axis has the tensor's features or a single one that all of
/// them share, its others are the tensor's or none.
struct CombineConstant {
  PairKind kind = PairKind::Multiply;
  bool reversed = false;                                     ///< the constant is the first operand
  double number = std::numeric_limits<double>::quiet_NaN();  ///< where it is one
  Extents extents;           ///< of the parameter; none: a number for each feature
  std::int64_t columns = 0;  ///< of the tensor, once they are known

  static std::vector<OpEntry> entries();
  static void complete(const OpPlace& written);
  [[nodiscard]] Inferred infer(const InferInputs& in);
  [[nodiscard]] Work work() const;
  [[nodiscard]] bool is_number() const;
  GraphTensorId train(Forward& forward) const;
};

}  // namespace systole
