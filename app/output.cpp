#include "app/output.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arch/diag/error.h"

namespace systole {

namespace {

namespace fs = std::filesystem;

std::string reason(int error) {
  return std::generic_category().message(error);
}

[[noreturn]] void cannot_write(const std::string& file, int error) {
  throw UserError(fmt::format("systole: cannot write '{}': {}", file, reason(error)));
}

/// 0, or the errno of the first write that failed.
int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno != EINTR) {
      return errno;
    }
    if (written > 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  return 0;
}

/// What a new file gets: the permissions of the one that it replaces, else those of the umask.
mode_t mode_for(const std::string& file) {
  constexpr mode_t kPermissions = 07777;
  constexpr mode_t kReadWriteForAll = 0666;
  struct stat status {};
  if (::stat(file.c_str(), &status) == 0) {
    return status.st_mode & kPermissions;
  }
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return kReadWriteForAll & ~mask;
}

bool is_special(const std::string& file) {
  std::error_code ignored;
  const fs::file_status status = fs::status(file, ignored);
  return fs::exists(status) && !fs::is_regular_file(status);
}

/// The file behind symbolic links: a link keeps pointing at the same place.
std::string target_of(const std::string& file) {
  std::error_code error;
  const fs::path target = fs::weakly_canonical(file, error);
  return error ? file : target.string();
}

std::string directory_of(const std::string& file) {
  const fs::path parent = fs::path(file).parent_path();
  return parent.empty() ? "." : parent.string();
}

}  // namespace

void check_output(const std::string& file) {
  std::error_code ignored;
  if (fs::is_directory(file, ignored)) {
    cannot_write(file, EISDIR);
  }
  // Renaming over a file that its owner made read-only would work, and surprise.
  if (fs::exists(file, ignored) && ::access(file.c_str(), W_OK) != 0) {
    cannot_write(file, errno);
  }
  if (is_special(file)) {
    return;
  }
  const std::string directory = directory_of(target_of(file));
  if (fs::exists(directory, ignored) && !fs::is_directory(directory, ignored)) {
    cannot_write(file, ENOTDIR);
  }
  if (::access(directory.c_str(), W_OK | X_OK) != 0) {
    cannot_write(file, errno);
  }
}

/// Interruptions wait until the temporary file is gone.
class OutputFile::SignalsHeld {
 public:
  SignalsHeld() {
    sigset_t held;
    sigemptyset(&held);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGXFSZ}) {
      sigaddset(&held, signal);
    }
    pthread_sigmask(SIG_BLOCK, &held, &before_);
  }
  ~SignalsHeld() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;

 private:
  sigset_t before_{};
};

/// What is written in place.
class OutputFile::SpecialFile {
 public:
  explicit SpecialFile(const std::string& file)
      : file_(file), descriptor_(::open(file.c_str(), O_WRONLY | O_CLOEXEC)) {
    if (descriptor_ < 0) {
      cannot_write(file, errno);
    }
  }
  ~SpecialFile() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  SpecialFile(const SpecialFile&) = delete;
  SpecialFile& operator=(const SpecialFile&) = delete;

  void write(std::string_view text) const {
    if (const int error = write_all(descriptor_, text); error != 0) {
      cannot_write(file_, error);
    }
  }
  void close() {
    if (::close(std::exchange(descriptor_, -1)) != 0) {
      cannot_write(file_, errno);
    }
  }

 private:
  std::string file_;
  int descriptor_;
};

Replacement::Replacement(const std::string& file, std::string_view suffix)
    : file_(file),
      target_(target_of(file)),
      temporary_(fmt::format("{}/.systole-XXXXXX{}", directory_of(target_), suffix)),
      descriptor_(::mkstemps(temporary_.data(), static_cast<int>(suffix.size()))) {
  if (descriptor_ < 0) {
    cannot_write(file, errno);
  }
}

Replacement::~Replacement() {
  close_and_remove();
}

void Replacement::write(std::string_view text) {
  if (const int error = write_all(descriptor_, text); error != 0) {
    fail(error);
  }
}

void Replacement::commit() {
  if (::fchmod(descriptor_, mode_for(target_)) != 0) {
    fail(errno);
  }
  if (::close(std::exchange(descriptor_, -1)) != 0) {
    fail(errno);
  }
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) {
    fail(errno);
  }
  temporary_.clear();
}

void Replacement::fail(int error) {
  close_and_remove();
  cannot_write(file_, error);
}

void Replacement::close_and_remove() {
  if (descriptor_ >= 0) {
    ::close(std::exchange(descriptor_, -1));
  }
  if (!temporary_.empty()) {
    ::unlink(temporary_.c_str());
    temporary_.clear();
  }
}

OutputFile::OutputFile(const std::string& file) : held_(std::make_unique<SignalsHeld>()) {
  if (is_special(file)) {
    special_ = std::make_unique<SpecialFile>(file);
  } else {
    replacement_ = std::make_unique<Replacement>(file);
  }
}

OutputFile::~OutputFile() {
  replacement_.reset();  // before signals come through again
}

void OutputFile::write(std::string_view text) {
  if (special_ != nullptr) {
    special_->write(text);
  } else {
    replacement_->write(text);
  }
}

void OutputFile::finish() {
  if (special_ != nullptr) {
    special_->close();
  } else {
    replacement_->commit();
  }
}

void check_regular_output(std::string_view option, const std::string& file) {
  check_output(file);
  if (is_special(file)) {
    throw UserError(fmt::format("systole: {}: expected a regular file, got '{}'", option, file));
  }
}

void write_file(const std::string& file, std::string_view text) {
  OutputFile output(file);
  output.write(text);
  output.finish();
}

void write_standard_output(std::string_view text) {
  if (const int error = write_all(STDOUT_FILENO, text); error != 0) {
    throw UserError(fmt::format("systole: cannot write to standard output: {}", reason(error)));
  }
}

}  // namespace systole
