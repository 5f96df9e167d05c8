#include "app/output_place.h"

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

namespace systole {

namespace {

namespace fs = std::filesystem;

/// `/proc/123/fd`, `/proc/123/task/124/fd`: the folder's names are links to open files, which lead
/// to more than a name.
bool is_descriptor_folder(const fs::path& folder) {
  return folder.filename() == "fd" && folder.string().starts_with("/proc/");
}

bool is_own(const fs::path& folder) {
  std::error_code error;
  return fs::equivalent(folder, "/proc/self/fd", error) ||
         fs::equivalent(folder, "/proc/thread-self/fd", error);
}

std::optional<int> number_in(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && end == text.data() + text.size() && number >= 0;
  return whole ? std::optional(number) : std::nullopt;
}

OutputPlace descriptor_place(const fs::path& folder, const fs::path& file) {
  const std::optional<int> number = number_in(file.filename().string());
  if (number && is_own(folder)) {
    return {.kind = OutputPlace::Kind::Descriptor, .target = file.string(), .descriptor = *number};
  }
  return {.kind = OutputPlace::Kind::InPlace, .target = file.string(), .appends = true};
}

/// What is no link any more.
OutputPlace end_place(const fs::path& file) {
  std::error_code ignored;
  const fs::file_status status = fs::status(file, ignored);
  const bool special = fs::exists(status) && !fs::is_regular_file(status);
  return {.kind = special ? OutputPlace::Kind::InPlace : OutputPlace::Kind::File,
          .target = file.string()};
}

}  // namespace

OutputPlace output_place(const std::string& file) {
  constexpr int kMostLinks = 40;  // as the kernel
  fs::path path = file;
  for (int links = 0; links <= kMostLinks; ++links) {
    std::error_code error;
    const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
    const fs::path folder = fs::canonical(parent, error);
    const fs::path name = path.filename();
    if (error || name.empty() || name == "." || name == "..") {
      return end_place(path);  // whoever opens it is told why it cannot be
    }
    const fs::path whole = folder / name;
    if (is_descriptor_folder(folder)) {
      return descriptor_place(folder, whole);
    }
    const fs::path link = fs::read_symlink(whole, error);
    if (error) {
      return end_place(whole);
    }
    path = link.is_absolute() ? link : folder / link;
  }
  return {.target = file, .error = ELOOP};
}

}  // namespace systole
