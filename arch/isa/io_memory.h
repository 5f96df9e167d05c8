#pragma once

#include <array>
#include <cstdint>

#include "arch/enum_names.h"

namespace systole {

/// Where the inputs and outputs of a network are before and after a run: in host memory, behind
/// the host link, or in the DRAM of the device, where published kernels are measured.
enum class IoMemory : std::uint8_t { Host, Device };

template <>
inline constexpr auto kEnumNames<IoMemory> = std::to_array<EnumName<IoMemory>>({
    {IoMemory::Host, "host"},
    {IoMemory::Device, "device"},
});

}  // namespace systole
