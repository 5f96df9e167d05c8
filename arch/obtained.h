#pragma once

#include <array>
#include <cstdint>

#include "arch/enum_names.h"

namespace systole {

/// How a figure was obtained. Every time, power, energy and price in a comparison carries one.
enum class Obtained : std::uint8_t {
  Simulated,  ///< counted by the simulator; energy: its counts times a table of the technology
  Measured,   ///< on this machine, during this run
  Recorded,   ///< measured on another machine or day, read from a file that says which
  Modelled,   ///< computed from published specifications
};

template <>
inline constexpr auto kEnumNames<Obtained> = std::to_array<EnumName<Obtained>>({
    {Obtained::Simulated, "simulated"},
    {Obtained::Measured, "measured"},
    {Obtained::Recorded, "recorded"},
    {Obtained::Modelled, "modelled"},
});

}  // namespace systole
