#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ops/composed.h"
#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// Each number plus the one `by` columns before it (behind it, if `reverse`), where there is one.
struct AddShifted {
  std::int64_t by = 1;
  bool reverse = false;
  std::int64_t columns = 1;  ///< once they are known

  static std::vector<OpEntry> entries();
  [[nodiscard]] Inferred infer(const InferInputs& in);
  [[nodiscard]] Work work() const;
  void gradient(Backward& backward) const;
};

/// Sums of each row's numbers up to each column: log2(columns) additions of the row to itself,
/// shifted by 1, 2, 4, ... Source: Hillis and Steele, Data Parallel Algorithms, CACM 1986.
struct CumulativeSum : ComposedOp {
  bool reverse = false;

  static std::vector<OpEntry> entries();
  [[nodiscard]] GraphTensorId compose(Composer& composer) const;
};

}  // namespace systole
