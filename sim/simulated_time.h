#pragma once

#include <string_view>

namespace systole {

/// An error of the user's that leaves a SystemC process begins with this: the kernel hands on its
/// text alone (chip/kernel.h).
constexpr std::string_view kUserErrorMark = "systole: ";

/// Times are 64-bit femtoseconds: why a run that would end later than 2^63 fs is refused.
constexpr std::string_view kTimeIsOver =
    "systole: the run takes more than 9,223 s of simulated time, the most that 64 bits of "
    "femtoseconds hold";

}  // namespace systole
