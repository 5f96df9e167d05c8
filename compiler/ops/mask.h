#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// Scores whose columns are tokens, rows (the axis before the last) too: row i sees the columns up
/// to i + offset, of these the last `window` where it is not 0; the others become the lowest number
/// of the type. With `alibi` column c gets slope * (c + first) first, a slope for each head
/// (RowTable).
struct MaskScores {
  bool causal = true;
  std::int64_t offset = 0;
  std::int64_t window = 0;
  bool alibi = false;
  std::int64_t first = 0;
  std::int64_t heads = 1;  ///< sizes of the last three axes, once they are known
  std::int64_t queries = 1;
  std::int64_t keys = 1;

  static std::vector<OpEntry> entries();
  [[nodiscard]] Inferred infer(const InferInputs& in);
  [[nodiscard]] Work work() const;
  void gradient(Backward& backward) const;
};

}  // namespace systole
