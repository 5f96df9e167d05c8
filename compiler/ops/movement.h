#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/ops/composed.h"
#include "compiler/ops/infer.h"
#include "compiler/ops/kernel.h"

namespace systole {

struct OpEntry;

/// An image with a border of one number.
struct PadImage : ComposedOp {
  Kernel kernel;  ///< its pads alone
  double value = 0;

  static std::vector<OpEntry> entries();
  [[nodiscard]] GraphTensorId compose(Composer& composer) const;
};

/// Axes of size 1 repeated.
struct ExpandTensor : ComposedOp {
  std::int64_t rows = 1;
  std::int64_t cols = 1;
  std::int64_t channels = 1;

  static std::vector<OpEntry> entries();
  [[nodiscard]] GraphTensorId compose(Composer& composer) const;
};

/// A tensor of up to four axes with those behind the batch in another order.
struct PermuteAxes : ComposedOp {
  Extents order;  ///< of the output's axes, as the input numbers them

  static std::vector<OpEntry> entries();
  [[nodiscard]] GraphTensorId compose(Composer& composer) const;
};

/// Rows of the second input in place of some of the first's.
struct ScatterRows : ComposedOp {
  std::string rows;  ///< which, a list as rearrange has it

  static std::vector<OpEntry> entries();
  [[nodiscard]] GraphTensorId compose(Composer& composer) const;
};

/// An image `factor` times as large, between the centres of pixels linear, beyond the outermost as
/// these are.
struct ResizeLinear : ComposedOp {
  std::int64_t factor = 2;

  static std::vector<OpEntry> entries();
  [[nodiscard]] GraphTensorId compose(Composer& composer) const;
};

}  // namespace systole
