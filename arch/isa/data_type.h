#pragma once

#include <array>
#include <cstdint>

#include "arch/enum_names.h"

namespace systole {

/// Element types. Integers are two's complement, little-endian; two int4 share a byte, the first in
/// its low half. fp8 is the OCP 8-bit format: E4M3 (bias 7, no infinities, NaN S.1111.111), E5M2
/// (bias 15, infinities and NaNs as IEEE 754). fp16 and fp32 are IEEE 754 binary16 and binary32,
/// bf16 the upper half of a binary32.
enum class DataType : std::uint8_t { Int8, Int16, Int32, Int4, Fp8E4M3, Fp8E5M2, Fp16, Bf16, Fp32 };

inline constexpr int kDataTypeCount = 9;

template <>
inline constexpr auto kEnumNames<DataType> = std::to_array<EnumName<DataType>>({
    {DataType::Int8, "int8"},
    {DataType::Int16, "int16"},
    {DataType::Int32, "int32"},
    {DataType::Int4, "int4"},
    {DataType::Fp8E4M3, "fp8_e4m3"},
    {DataType::Fp8E5M2, "fp8_e5m2"},
    {DataType::Fp16, "fp16"},
    {DataType::Bf16, "bf16"},
    {DataType::Fp32, "fp32"},
});

constexpr std::int64_t bits_of(DataType type) {
  switch (type) {
    case DataType::Int4:
      return 4;
    case DataType::Int8:
    case DataType::Fp8E4M3:
    case DataType::Fp8E5M2:
      return 8;
    case DataType::Int16:
    case DataType::Fp16:
    case DataType::Bf16:
      return 16;
    case DataType::Int32:
    case DataType::Fp32:
      return 32;
  }
  return 0;
}

/// Of `elements` packed elements; a half-used last byte counts.
constexpr std::int64_t bytes_of(DataType type, std::int64_t elements) {
  return (elements * bits_of(type) + 7) / 8;
}

/// Of one element; an int4 by itself takes a byte.
constexpr std::int64_t bytes_of(DataType type) {
  return bytes_of(type, 1);
}

constexpr bool is_float(DataType type) {
  switch (type) {
    case DataType::Fp8E4M3:
    case DataType::Fp8E5M2:
    case DataType::Fp16:
    case DataType::Bf16:
    case DataType::Fp32:
      return true;
    case DataType::Int4:
    case DataType::Int8:
    case DataType::Int16:
    case DataType::Int32:
      return false;
  }
  return false;
}

}  // namespace systole
