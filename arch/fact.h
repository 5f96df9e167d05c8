#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "arch/enum_names.h"

namespace systole {

/// How well a figure is known. `Assumed` marks our own modelling choices.
enum class FactStatus : std::uint8_t { Found, Derived, Unverified, Assumed };

template <>
inline constexpr auto kEnumNames<FactStatus> = std::to_array<EnumName<FactStatus>>({
    {FactStatus::Found, "found"},
    {FactStatus::Derived, "derived"},
    {FactStatus::Unverified, "unverified"},
    {FactStatus::Assumed, "assumed"},
});

/// Where one figure of a configuration comes from, for `systole describe`.
struct Fact {
  std::string path;    ///< `unified_buffer.capacity`
  std::string value;   ///< as written in the file, with its unit
  std::string source;  ///< resolved text of the source, empty where the file names none
  FactStatus status = FactStatus::Assumed;
};

}  // namespace systole
