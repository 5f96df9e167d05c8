#pragma once

#include <cstdint>

namespace systole {

// Of the loads of a recipe that masks rows: the tables behind its input.
inline constexpr std::int32_t kSlopes = 1;
inline constexpr std::int32_t kColumns = 2;

}  // namespace systole
