#pragma once

#include <array>

#include "arch/chip_spec.h"
#include "arch/isa/data_type.h"

namespace systole {

/// What networks compute in: int8 with quantisations, or bf16.
inline constexpr auto kNetworkTypes = std::to_array<DataType>({DataType::Int8, DataType::Bf16});

/// Whether the chip can run networks of the type: its matrix unit has a pace for type x type.
[[nodiscard]] bool multiplies(const ChipSpec& chip, DataType type);

/// The type of a network where nobody asks for one: the first of kNetworkTypes that the chip
/// multiplies, int8 before bf16; int8 on a chip that multiplies none, which compile() refuses.
[[nodiscard]] DataType default_network_type(const ChipSpec& chip);

}  // namespace systole
