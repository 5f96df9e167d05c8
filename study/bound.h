#pragma once

#include <array>
#include <cstdint>

#include "arch/enum_names.h"

namespace systole {

/// What holds a layer back: the kind of engine with the most busy cycles. `None` where no engine of
/// the chip had anything to do (a view such as flatten).
enum class Bound : std::uint8_t { None, Compute, Dram, Vector, Host };

template <>
inline constexpr auto kEnumNames<Bound> = std::to_array<EnumName<Bound>>({
    {Bound::None, "none"},
    {Bound::Compute, "compute"},
    {Bound::Dram, "dram"},
    {Bound::Vector, "vector"},
    {Bound::Host, "host"},
});

}  // namespace systole
