#pragma once

#include <string>

namespace systole {

/// What `systole list` prints: chips and networks with their main figures. A file that cannot be
/// read keeps its row, with the reason.
[[nodiscard]] std::string list_catalogue(bool colour);

/// Names alone, of every kind, for programs: JSON of schema `systole.list/1`, an array of `kind`,
/// `name` and `file`; else a line `KIND NAME` each.
[[nodiscard]] std::string list_names(bool json);

}  // namespace systole
