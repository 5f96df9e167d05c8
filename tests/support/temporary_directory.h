#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace systole {

/// An empty directory of the test's own, removed with everything in it at the end of the scope.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  /// Writes a file below the directory, making folders as needed, and returns its full name.
  std::string write(const std::filesystem::path& name, std::string_view text) const;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace systole
