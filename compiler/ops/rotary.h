#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// Rotary position embedding: each head's features are pairs that turn by an angle that grows with
/// the position of the row (the axis before the last). Source: Su et al., RoFormer: Enhanced
/// Transformer with Rotary Position Embedding, arXiv:2104.09864.
struct RotateRows {
  std::int64_t heads = 1;    ///< side by side in the features
  std::int64_t rotated = 0;  ///< features of each head that turn, the first ones; 0: all
  double base = 10000;
  bool interleaved = false;    ///< pairs are neighbours, as GPT-J has them; else of the halves
  std::int64_t first = 0;      ///< position of the first row
  bool back = false;           ///< turned by as much the other way: the gradient; not in files
  std::int64_t positions = 1;  ///< rows and features, once they are known
  std::int64_t features = 0;

  static std::vector<OpEntry> entries();
  [[nodiscard]] Inferred infer(const InferInputs& in);
  [[nodiscard]] Work work() const;
  void gradient(Backward& backward) const;
};

}  // namespace systole
