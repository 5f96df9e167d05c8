#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace systole {

/// A file of a request and what it is for.
struct FileRole {
  std::string role;  ///< of a result its option, `--vcd`; of an input what it is, `chip`
  std::string file;  ///< as the user wrote it; empty: not asked for
};

/// The role of a report without --output, as the last of the results.
inline constexpr std::string_view kStandardOutput = "standard output";

/// One file cannot hold two results, and a result must not take the place of what is read. Files
/// are the same where their names lead to the same place, however they are spelled: ./x, links.
/// Throws UserError:
/// `systole: --output and --vcd: expected two files, got 'a' for both` (or `got 'a' and './a',
/// which are one`), `systole: --output: expected a file to write, got 'a.yaml', which is the
/// network`.
void check_files_apart(const std::vector<FileRole>& results, const std::vector<FileRole>& inputs);

}  // namespace systole
