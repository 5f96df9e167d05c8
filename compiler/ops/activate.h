#pragma once

#include <limits>
#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// A function of one number, element by element: an operator for each of number_functions().
struct Activate {
  FusedActivation activation;
  double alpha = std::numeric_limits<double>::quiet_NaN();  ///< of what has one; as its table says

  /// With an alpha of its own it is a formula.
  [[nodiscard]] bool is_composed() const;
  [[nodiscard]] GraphTensorId compose(Composer& composer) const;

  static std::vector<OpEntry> entries();
  [[nodiscard]] Inferred infer(const InferInputs& in);
  [[nodiscard]] Work work() const;
  void gradient(Backward& backward) const;
};

}  // namespace systole
