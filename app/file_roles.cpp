#include "app/file_roles.h"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

#include "app/output_place.h"
#include "arch/diag/error.h"
#include "arch/diag/printable.h"

namespace systole {

namespace {

namespace fs = std::filesystem;

bool are_same(const std::string& one, const std::string& other) {
  if (one.empty() || other.empty()) {
    return false;
  }
  std::error_code error;
  if (fs::equivalent(one, other, error)) {
    return true;  // of files that exist
  }
  return output_place(one).target == output_place(other).target;  // of those that do not, yet
}

/// `/dev/stdout` on purpose: standard output then holds one after the other.
bool is_standard_output(const std::string& file) {
  const OutputPlace place = output_place(file);
  return place.kind == OutputPlace::Kind::Descriptor && place.descriptor == STDOUT_FILENO;
}

void check_two_results(const FileRole& first, const FileRole& second) {
  const bool share = second.role == kStandardOutput && is_standard_output(first.file);
  if (share || !are_same(first.file, second.file)) {
    return;
  }
  const std::string got = first.file == second.file
                              ? fmt::format("{} for both", path_in_quotes(first.file))
                              : fmt::format("{} and {}, which are one", path_in_quotes(first.file),
                                            path_in_quotes(second.file));
  throw UserError(
      fmt::format("systole: {} and {}: expected two files, got {}", first.role, second.role, got));
}

}  // namespace

void check_files_apart(const std::vector<FileRole>& results, const std::vector<FileRole>& inputs) {
  for (auto result = results.begin(); result != results.end(); ++result) {
    for (auto other = results.begin(); other != result; ++other) {
      check_two_results(*other, *result);
    }
    for (const FileRole& input : inputs) {
      if (are_same(result->file, input.file)) {
        throw UserError(
            fmt::format("systole: {}: expected a file to write, got {}, which is the {}",
                        result->role, path_in_quotes(result->file), input.role));
      }
    }
  }
}

}  // namespace systole
