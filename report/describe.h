#pragma once

#include <string>

#include "arch/chip_spec.h"
#include "report/text.h"

namespace systole {

/// A chip for people: peak rates, capacities, ridge point, then every quantity of its description
/// with value, status and source. Lines of at most kReportWidth columns, but for sources that hold
/// a longer word.
[[nodiscard]] std::string describe_chip(const ChipSpec& chip, const TextOptions& options = {});

}  // namespace systole
