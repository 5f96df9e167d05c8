#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace systole {

/// Why the file may not include what the line names, or an empty text. `file` is its path from the
/// root of the repository; lines that are no `#include` are fine.
[[nodiscard]] std::string wrong_include(std::string_view file, std::string_view line);

/// `file:line: reason` for each wrong `#include` in the C++ files of all rooms, sorted. Throws
/// std::runtime_error when the rooms hold no C++ file, which would make every check pass.
[[nodiscard]] std::vector<std::string> layering_violations(const std::filesystem::path& root);

}  // namespace systole
