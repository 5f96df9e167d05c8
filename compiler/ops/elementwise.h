#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ops/composed.h"
#include "compiler/ops/infer.h"

namespace systole {

struct OpEntry;

/// Functions of numbers that are formulas (formula.h): `clip`, `pow`, `select`.
struct NamedFormula : ComposedOp {
  enum class Kind : std::uint8_t { Clip, Power, Select };

  Kind kind = Kind::Clip;
  double low = -1e30;
  double high = 1e30;
  double exponent = 1;

  static std::vector<OpEntry> entries();
  void complete(const OpPlace& written) const;
  [[nodiscard]] GraphTensorId compose(Composer& composer) const;
};

}  // namespace systole
