#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ops/composed.h"
#include "compiler/ops/infer.h"

namespace systole {

struct OpEntry;

/// The column of each row's largest (or smallest) number, the first of equal ones. Of more columns
/// than bf16 tells apart the output is fp32.
struct ArgExtreme : ComposedOp {
  bool least = false;

  static std::vector<OpEntry> entries();
  [[nodiscard]] GraphTensorId compose(Composer& composer) const;
};

/// The largest `count` numbers of each row, the largest first, or the columns that they are in.
struct TopOfRows : ComposedOp {
  std::int64_t count = 1;
  bool columns = false;

  static std::vector<OpEntry> entries();
  [[nodiscard]] GraphTensorId compose(Composer& composer) const;
};

/// Of a tensor with one channel: 1 in the column that it names, 0 in the others of `depth`.
struct OneHot : ComposedOp {
  std::int64_t depth = 1;

  static std::vector<OpEntry> entries();
  [[nodiscard]] GraphTensorId compose(Composer& composer) const;
};

}  // namespace systole
