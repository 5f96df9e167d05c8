#pragma once

#include <string>

#include "study/compared.h"
#include "study/result.h"

namespace systole {

/// A run as a row. Name and dollars are left to the caller.
[[nodiscard]] ComparedDevice compared_run(const Result& result);

/// A row of `compared_run` as a worker sends it: JSON, numbers to their last bit.
[[nodiscard]] std::string print_chip_row(const ComparedDevice& row);
[[nodiscard]] ComparedDevice parse_chip_row(const std::string& text);

}  // namespace systole
