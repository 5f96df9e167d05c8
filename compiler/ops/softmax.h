#pragma once

#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// Over the last axis of a tensor; in int8 with output scale 1/256, zero point -128.
struct SoftmaxChannels {
  double scale = 1;  ///< inputs are multiplied by it first
  bool causal =
      false;  ///< row i of the axis before has the columns up to its own, seen from the end
  std::int64_t window = 0;   ///< of the columns that a causal row has the last ones; 0: all
  bool alibi = false;        ///< column c of head h gets its slope times c first (RowTable)
  bool symmetric = false;    ///< in int8 with output scale 1/127, zero point 0: a product takes it
  std::int64_t queries = 1;  ///< sizes of the last two axes, once they are known
  std::int64_t keys = 1;
  std::int64_t heads = 1;  ///< of the axis before these

  static std::vector<OpEntry> entries();
  [[nodiscard]] Inferred infer(const InferInputs& in);
  [[nodiscard]] Work work() const;
  void gradient(Backward& backward) const;
};

}  // namespace systole
