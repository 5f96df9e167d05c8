#include "app/file_roles.h"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "arch/diag/error.h"

namespace systole {

namespace {

namespace fs = std::filesystem;

/// Where a name leads, as far as its parts exist.
fs::path target_of(const std::string& file) {
  std::error_code error;
  const fs::path absolute = fs::absolute(file, error);
  const fs::path target = fs::weakly_canonical(absolute, error);
  return error ? absolute : target;
}

bool are_same(const std::string& one, const std::string& other) {
  if (one.empty() || other.empty()) {
    return false;
  }
  std::error_code error;
  if (fs::equivalent(one, other, error)) {
    return true;  // of files that exist
  }
  return target_of(one) == target_of(other);
}

void check_two_results(const FileRole& first, const FileRole& second) {
  if (!are_same(first.file, second.file)) {
    return;
  }
  const std::string got = first.file == second.file ? fmt::format("'{}' for both", first.file)
                                                    : fmt::format("'{}' and '{}', which are one",
                                                                  first.file, second.file);
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
            fmt::format("systole: {}: expected a file to write, got '{}', which is the {}",
                        result->role, result->file, input.role));
      }
    }
  }
}

}  // namespace systole
