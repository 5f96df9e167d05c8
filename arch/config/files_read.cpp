#include "arch/config/files_read.h"

#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include <sys/stat.h>

namespace systole {

namespace {

/// What tells two files apart, whatever they are called.
using Identity = std::pair<dev_t, ino_t>;

struct Record {
  std::mutex mutex;
  std::set<Identity> files;
};

Record& record() {
  static Record files;
  return files;
}

std::optional<Identity> identity_of(const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return std::nullopt;
  }
  return Identity(status.st_dev, status.st_ino);
}

}  // namespace

void note_file_read(const std::string& file) {
  if (const auto identity = identity_of(file)) {
    const std::lock_guard lock(record().mutex);
    record().files.insert(*identity);
  }
}

void note_folder_read(const std::string& folder) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    note_file_read(entry->path().string());
  }
}

bool was_file_read(const std::string& file) {
  const auto identity = identity_of(file);
  const std::lock_guard lock(record().mutex);
  return identity && record().files.contains(*identity);
}

}  // namespace systole
