#pragma once

#include <array>
#include <cstdint>

#include "arch/enum_names.h"

namespace systole {

/// What the choice of a mapping minimises: cycles, joules of a run, bytes over DRAM, joules times
/// cycles. Equal ones: fewer cycles, then the one that was found first.
enum class MappingObjective : std::uint8_t { Latency, Energy, Dram, Edp };

template <>
inline constexpr auto kEnumNames<MappingObjective> = std::to_array<EnumName<MappingObjective>>({
    {MappingObjective::Latency, "latency"},
    {MappingObjective::Energy, "energy"},
    {MappingObjective::Dram, "dram"},
    {MappingObjective::Edp, "edp"},
});

}  // namespace systole
