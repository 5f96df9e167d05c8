#include "arch/native_kind.h"

#include <optional>

#include "arch/diag/check.h"

namespace systole {

OperandBits operand_bits(MacKind kind) {
  switch (kind) {
    case MacKind::Int8:
      return {.activation = 8, .weight = 8, .product = 16};
    case MacKind::Int8xInt16:
      return {.activation = 16, .weight = 8, .product = 24};
    case MacKind::Int16:
      return {.activation = 16, .weight = 16, .product = 32};
    case MacKind::Int4:
      return {.activation = 4, .weight = 4, .product = 8};
    case MacKind::Fp8:
      return {.activation = 8, .weight = 8, .product = 32};
    case MacKind::Fp16:
    case MacKind::Bf16:
      return {.activation = 16, .weight = 16, .product = 32};
  }
  return {};
}

MacKind native_kind(const MatrixUnitSpec& matrix) {
  std::optional<MacKind> native;
  for (const auto& [kind, name] : kEnumNames<MacKind>) {
    if (!matrix.supports(kind)) {
      continue;
    }
    const bool better = !native || matrix.pace(kind) < matrix.pace(*native) ||
                        (matrix.pace(kind) == matrix.pace(*native) &&
                         operand_bits(kind).product > operand_bits(*native).product);
    if (better) {
      native = kind;
    }
  }
  SYSTOLE_CHECK(native, "a matrix unit that multiplies nothing");
  return *native;
}

}  // namespace systole
