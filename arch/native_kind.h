#pragma once

#include <cstdint>

#include "arch/chip_spec.h"
#include "arch/isa/mac_kind.h"

namespace systole {

/// The kind that a PE multiplies at its native width: of those with the smallest pace the one with
/// the largest product.
[[nodiscard]] MacKind native_kind(const MatrixUnitSpec& matrix);
/// Widths in bits; of a kind that takes operands of two widths the activation is the wide one.
struct OperandBits {
  std::int64_t activation = 0;
  std::int64_t weight = 0;
  std::int64_t product = 0;  ///< exact for integers, 32 for floating point
};
[[nodiscard]] OperandBits operand_bits(MacKind kind);

}  // namespace systole
