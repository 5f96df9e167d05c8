#pragma once

#include <array>
#include <string>

#include "study/time_parts.h"

namespace systole {

/// A part's name in words: `fill and drain`.
[[nodiscard]] std::string words_of(TimePart part);
/// What is beyond a bound, the most first: `3,524 host, 384 edges (inherent)`; empty where nothing
/// is.
[[nodiscard]] std::string beyond_text(const std::array<CoreCycles, kTimePartCount>& beyond);

}  // namespace systole
