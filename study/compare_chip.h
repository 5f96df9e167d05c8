#pragma once

#include <string>

#include "study/compared.h"
#include "study/result.h"

namespace systole {

/// A note of rows whose price is the chip's own.
inline constexpr std::string_view kModelledPrice =
    "its price is modelled from what making it costs";

/// A run as a row. Name and dollars are left to the caller.
[[nodiscard]] ComparedDevice compared_run(const Result& result);

/// A row of `compared_run` as a worker sends it: JSON, numbers to their last bit.
[[nodiscard]] std::string print_chip_row(const ComparedDevice& row);
[[nodiscard]] ComparedDevice parse_chip_row(const std::string& text);

}  // namespace systole
