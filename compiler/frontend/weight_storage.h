#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "arch/enum_names.h"
#include "arch/isa/data_type.h"

namespace systole {

/// What weights of a network of a floating type are stored in: its own type, or fewer bits; of one
/// of int8, int8 or int16, which the array multiplies as they are.
enum class StorageType : std::uint8_t { Full, Int8, Int4, Fp8E4M3, Fp8E5M2, Int16 };

template <>
inline constexpr auto kEnumNames<StorageType> = std::to_array<EnumName<StorageType>>({
    {StorageType::Full, "full"},
    {StorageType::Int8, "int8"},
    {StorageType::Int4, "int4"},
    {StorageType::Fp8E4M3, "fp8_e4m3"},
    {StorageType::Fp8E5M2, "fp8_e5m2"},
    {StorageType::Int16, "int16"},
});

/// None of `Full`.
[[nodiscard]] constexpr std::optional<DataType> element_type(StorageType type) {
  switch (type) {
    case StorageType::Full:
      return std::nullopt;
    case StorageType::Int8:
      return DataType::Int8;
    case StorageType::Int4:
      return DataType::Int4;
    case StorageType::Fp8E4M3:
      return DataType::Fp8E4M3;
    case StorageType::Fp8E5M2:
      return DataType::Fp8E5M2;
    case StorageType::Int16:
      return DataType::Int16;
  }
  return std::nullopt;
}

/// How weights lie in memory: weight-only quantisation (docs/numerics.md).
struct WeightStorage {
  StorageType type = StorageType::Full;
  std::int64_t group = 0;  ///< elements of the reduction that share a scale; 0: all of a channel

  bool operator==(const WeightStorage&) const = default;
};

/// The same of states: rows are written into them, so that two never share a byte.
enum class StateType : std::uint8_t { Full, Int8, Fp8E4M3, Fp8E5M2 };

template <>
inline constexpr auto kEnumNames<StateType> = std::to_array<EnumName<StateType>>({
    {StateType::Full, "full"},
    {StateType::Int8, "int8"},
    {StateType::Fp8E4M3, "fp8_e4m3"},
    {StateType::Fp8E5M2, "fp8_e5m2"},
});

[[nodiscard]] constexpr std::optional<DataType> element_type(StateType type) {
  switch (type) {
    case StateType::Full:
      return std::nullopt;
    case StateType::Int8:
      return DataType::Int8;
    case StateType::Fp8E4M3:
      return DataType::Fp8E4M3;
    case StateType::Fp8E5M2:
      return DataType::Fp8E5M2;
  }
  return std::nullopt;
}

inline constexpr std::int64_t kMostInGroup = 65536;

/// Elements that share a scale where nobody says how many.
[[nodiscard]] constexpr std::int64_t usual_group(StorageType type) {
  return type == StorageType::Int4 ? 128 : 0;
}

}  // namespace systole
