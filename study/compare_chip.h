#pragma once

#include <string>

#include "arch/chip_spec.h"
#include "compiler/frontend/read_network.h"
#include "study/compared.h"

namespace systole {

/// Simulates the network; to be called once in a process. Name and dollars are left to the caller.
[[nodiscard]] ComparedDevice compare_chip(const ChipSpec& chip, const Network& network);

/// A row of `compare_chip` as a worker sends it: JSON, numbers to their last bit.
[[nodiscard]] std::string print_chip_row(const ComparedDevice& row);
[[nodiscard]] ComparedDevice parse_chip_row(const std::string& text);

}  // namespace systole
