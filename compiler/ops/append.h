#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// Rows are written into a state, over those that are there: new keys or values into a cache. The
/// output is the state behind it, in the same memory.
struct AppendRows {
  std::int64_t at = 0;    ///< row of the state that the first one becomes
  std::int64_t rows = 1;  ///< of each sequence, once they are known

  [[nodiscard]] static bool changes_state() { return true; }

  static std::vector<OpEntry> entries();
  [[nodiscard]] Inferred infer(const InferInputs& in);
  [[nodiscard]] Work work() const;
};

}  // namespace systole
