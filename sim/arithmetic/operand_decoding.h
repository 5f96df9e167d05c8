#pragma once

#include <cstdint>
#include <span>

#include "arch/isa/data_type.h"

namespace systole {

/// The numbers in front of packed elements of type int4, int8 or int16 (arch/isa/data_type.h): as
/// many as `numbers` holds. The first element lies at the start of the first byte.
/// Throws InternalError for other types, and when there are not enough bytes.
void decode(DataType type, std::span<const std::int8_t> bytes, std::span<std::int16_t> numbers);

/// The same for floating types of up to 16 bits; exact, every NaN becomes the one quiet NaN.
void decode(DataType type, std::span<const std::int8_t> bytes, std::span<float> numbers);

}  // namespace systole
