#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "study/compared.h"
#include "study/result.h"

namespace systole {

/// Use of the FPGA card by component, in numbers and in per cent of what the card has; nothing for
/// a chip that names no card.
[[nodiscard]] std::string fpga_table(const ChipSpec& chip, bool colour);

/// What a run uses of its card, draws and costs; nothing for a chip that names no card. `row` is
/// the run as a row of a comparison: it has a power, and dollars where they are known.
[[nodiscard]] std::string fpga_text(const Result& result, const ComparedDevice& row);

/// The same figures; null for a chip that names no card.
[[nodiscard]] nlohmann::ordered_json fpga_json(const Result& result, const ComparedDevice& row);

}  // namespace systole
