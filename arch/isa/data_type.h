#pragma once

#include <array>
#include <cstdint>

#include "arch/enum_names.h"

namespace systole {

enum class DataType : std::uint8_t { Int8, Int16, Int32 };

template <>
inline constexpr auto kEnumNames<DataType> = std::to_array<EnumName<DataType>>({
    {DataType::Int8, "int8"},
    {DataType::Int16, "int16"},
    {DataType::Int32, "int32"},
});

constexpr std::int64_t bytes_of(DataType type) {
  switch (type) {
    case DataType::Int8:
      return 1;
    case DataType::Int16:
      return 2;
    case DataType::Int32:
      return 4;
  }
  return 0;
}

}  // namespace systole
