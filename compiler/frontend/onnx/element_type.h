#pragma once

#include <array>
#include <cstdint>

#include "arch/enum_names.h"

namespace systole {

/// Types of elements in ONNX files; the values are those of TensorProto.DataType.
enum class OnnxType : std::uint8_t {
  Undefined = 0,
  Float = 1,
  Uint8 = 2,
  Int8 = 3,
  Uint16 = 4,
  Int16 = 5,
  Int32 = 6,
  Int64 = 7,
  String = 8,
  Bool = 9,
  Float16 = 10,
  Double = 11,
  Uint32 = 12,
  Uint64 = 13,
  Complex64 = 14,
  Complex128 = 15,
  Bfloat16 = 16,
};

template <>
inline constexpr auto kEnumNames<OnnxType> = std::to_array<EnumName<OnnxType>>({
    {OnnxType::Undefined, "undefined"},
    {OnnxType::Float, "float"},
    {OnnxType::Uint8, "uint8"},
    {OnnxType::Int8, "int8"},
    {OnnxType::Uint16, "uint16"},
    {OnnxType::Int16, "int16"},
    {OnnxType::Int32, "int32"},
    {OnnxType::Int64, "int64"},
    {OnnxType::String, "string"},
    {OnnxType::Bool, "bool"},
    {OnnxType::Float16, "float16"},
    {OnnxType::Double, "double"},
    {OnnxType::Uint32, "uint32"},
    {OnnxType::Uint64, "uint64"},
    {OnnxType::Complex64, "complex64"},
    {OnnxType::Complex128, "complex128"},
    {OnnxType::Bfloat16, "bfloat16"},
});

/// Of one element; 0 of those without a fixed size.
constexpr std::int64_t bytes_of(OnnxType type) {
  switch (type) {
    case OnnxType::Uint8:
    case OnnxType::Int8:
    case OnnxType::Bool:
      return 1;
    case OnnxType::Uint16:
    case OnnxType::Int16:
    case OnnxType::Float16:
    case OnnxType::Bfloat16:
      return 2;
    case OnnxType::Float:
    case OnnxType::Int32:
    case OnnxType::Uint32:
      return 4;
    case OnnxType::Int64:
    case OnnxType::Uint64:
    case OnnxType::Double:
    case OnnxType::Complex64:
      return 8;
    case OnnxType::Complex128:
      return 16;
    case OnnxType::Undefined:
    case OnnxType::String:
      return 0;
  }
  return 0;
}

constexpr bool is_floating(OnnxType type) {
  return type == OnnxType::Float || type == OnnxType::Float16 || type == OnnxType::Double ||
         type == OnnxType::Bfloat16;
}

/// Integers and truth values.
constexpr bool is_integral(OnnxType type) {
  return bytes_of(type) != 0 && !is_floating(type) && type != OnnxType::Complex64 &&
         type != OnnxType::Complex128;
}

}  // namespace systole
