#pragma once

#include <array>

#include "arch/chip_spec.h"
#include "arch/isa/data_type.h"

namespace systole {

/// What networks compute in: int8 with quantisations, or a floating type.
inline constexpr auto kNetworkTypes = std::to_array<DataType>(
    {DataType::Int8, DataType::Bf16, DataType::Fp16, DataType::Fp8E4M3, DataType::Fp8E5M2});

/// Whether the chip can run networks of the type: its matrix unit has a pace for type x type.
[[nodiscard]] bool multiplies(const ChipSpec& chip, DataType type);

/// The type of a network where nobody asks for one: the first of kNetworkTypes that the chip
/// multiplies, int8 before all others; int8 on a chip that multiplies none, which compile()
/// refuses.
[[nodiscard]] DataType default_network_type(const ChipSpec& chip);

}  // namespace systole
