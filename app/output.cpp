#include "app/output.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>

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

/// Interruptions wait until the temporary file is gone.
class SignalsHeld {
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

void write_in_place(const std::string& file, std::string_view text) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) {
    cannot_write(file, errno);
  }
  int error = write_all(descriptor, text);
  if (::close(descriptor) != 0 && error == 0) {
    error = errno;
  }
  if (error != 0) {
    cannot_write(file, error);
  }
}

/// 0, or an errno; the temporary file is gone either way unless it has become `target`.
int write_beside(const std::string& target, std::string_view text) {
  std::string temporary = fmt::format("{}/.systole-XXXXXX", directory_of(target));
  const int descriptor = ::mkstemp(temporary.data());
  if (descriptor < 0) {
    return errno;
  }
  int error = write_all(descriptor, text);
  if (error == 0 && ::fchmod(descriptor, mode_for(target)) != 0) {
    error = errno;
  }
  if (::close(descriptor) != 0 && error == 0) {
    error = errno;
  }
  if (error == 0 && ::rename(temporary.c_str(), target.c_str()) != 0) {
    error = errno;
  }
  if (error != 0) {
    ::unlink(temporary.c_str());
  }
  return error;
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

void write_file(const std::string& file, std::string_view text) {
  if (is_special(file)) {
    write_in_place(file, text);
    return;
  }
  const SignalsHeld held;
  if (const int error = write_beside(target_of(file), text); error != 0) {
    cannot_write(file, error);
  }
}

void write_standard_output(std::string_view text) {
  if (const int error = write_all(STDOUT_FILENO, text); error != 0) {
    throw UserError(fmt::format("systole: cannot write to standard output: {}", reason(error)));
  }
}

}  // namespace systole
