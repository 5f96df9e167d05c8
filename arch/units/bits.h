#pragma once

#include <cstdint>

namespace systole {

inline constexpr std::int64_t kBitsPerByte = 8;

}  // namespace systole
