#pragma once

#include <string>

#include "app/command_line.h"
#include "app/file_roles.h"
#include "report/text_options.h"

namespace systole {

/// What a chip, network, DRAM standard, device or FPGA card is, by name or file. Of several kinds
/// with one name the first of these. Throws UserError.
[[nodiscard]] std::string run_describe(const Request& request, const TextOptions& options);

/// The file that such a name means, and what it is. Throws UserError.
[[nodiscard]] FileRole described_file(const std::string& name);

}  // namespace systole
