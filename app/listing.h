#pragma once

#include <string>

namespace systole {

/// What `systole list` prints: chips and networks with their main figures. A file that cannot be
/// read keeps its row, with the reason.
[[nodiscard]] std::string list_catalogue(bool colour);

}  // namespace systole
