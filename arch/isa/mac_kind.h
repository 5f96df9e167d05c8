#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "arch/enum_names.h"
#include "arch/isa/data_type.h"

namespace systole {

/// What one PE multiplies: decides the rate and the energy of a multiply-accumulate. Integer kinds
/// add up in int32 (modulo 2^32), the others in fp32.
enum class MacKind : std::uint8_t {
  Int8,
  Int8xInt16,  ///< either operand is the wide one
  Int16,
  Int4,
  Fp8,  ///< E4M3 and E5M2 in any mix
  Fp16,
  Bf16,
};
inline constexpr int kMacKindCount = 7;

template <>
inline constexpr auto kEnumNames<MacKind> = std::to_array<EnumName<MacKind>>({
    {MacKind::Int8, "int8xint8"},
    {MacKind::Int8xInt16, "int8xint16"},
    {MacKind::Int16, "int16xint16"},
    {MacKind::Int4, "int4xint4"},
    {MacKind::Fp8, "fp8xfp8"},
    {MacKind::Fp16, "fp16xfp16"},
    {MacKind::Bf16, "bf16xbf16"},
});

/// Empty for operand types that no PE multiplies.
[[nodiscard]] constexpr std::optional<MacKind> mac_kind(DataType activation, DataType weight) {
  const auto is_fp8 = [](DataType type) {
    return type == DataType::Fp8E4M3 || type == DataType::Fp8E5M2;
  };
  const auto is_wide_or_int8 = [](DataType type) {
    return type == DataType::Int8 || type == DataType::Int16;
  };
  if (is_fp8(activation) && is_fp8(weight)) {
    return MacKind::Fp8;
  }
  if (activation != weight) {
    return is_wide_or_int8(activation) && is_wide_or_int8(weight)
               ? std::optional(MacKind::Int8xInt16)
               : std::nullopt;
  }
  switch (activation) {
    case DataType::Int8:
      return MacKind::Int8;
    case DataType::Int16:
      return MacKind::Int16;
    case DataType::Int4:
      return MacKind::Int4;
    case DataType::Fp16:
      return MacKind::Fp16;
    case DataType::Bf16:
      return MacKind::Bf16;
    case DataType::Fp8E4M3:
    case DataType::Fp8E5M2:
    case DataType::Int32:
    case DataType::Fp32:
      break;
  }
  return std::nullopt;
}

[[nodiscard]] constexpr bool sums_in_float(MacKind kind) {
  return kind == MacKind::Fp8 || kind == MacKind::Fp16 || kind == MacKind::Bf16;
}

/// What the accumulators hold of it: int32 or fp32.
[[nodiscard]] constexpr DataType sum_type(MacKind kind) {
  return sums_in_float(kind) ? DataType::Fp32 : DataType::Int32;
}

}  // namespace systole
