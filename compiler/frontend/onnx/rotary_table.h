#pragma once

#include <cstdint>
#include <optional>

#include "compiler/frontend/onnx/constant.h"

namespace systole {

/// Cosines and sines by which features turn: of position * base^(-i / columns) in column i.
struct RotaryTable {
  double base = 0;
  std::int64_t first = 0;  ///< position of the first row
};

/// Empty where the two constants of [positions, columns] are no such table to within what
/// half-precision numbers hold of it, or too small a part of one to tell: one row, one column.
[[nodiscard]] std::optional<RotaryTable> rotary_table_of(const OnnxConstant& cosines,
                                                         const OnnxConstant& sines);

}  // namespace systole
