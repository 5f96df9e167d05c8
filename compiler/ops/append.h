#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// Rows are written into a state, over those that are there: new keys or values into a cache. The
/// output is the state behind it, in the same memory.
///  - A state of three axes is [batch, rows, features], as what is written.
///  - One of four is [batch, heads, rows, features of a head]: the rows of a head stand together,
///  so
///    that whoever reads one head reads on. What is written has the same axes, or three with the
///    heads side by side in the last one.
struct AppendRows {
  std::int64_t at = 0;        ///< row of the state that the first one becomes
  std::int64_t rows = 1;      ///< of each sequence, once they are known
  std::int64_t heads = 0;     ///< of a state of four axes
  bool side_by_side = false;  ///< heads, in what is written
  std::int64_t features = 0;  ///< of a head

  [[nodiscard]] static bool changes_state() { return true; }

  static std::vector<OpEntry> entries();
  [[nodiscard]] Inferred infer(const InferInputs& in);
  [[nodiscard]] Work work() const;
};

}  // namespace systole
