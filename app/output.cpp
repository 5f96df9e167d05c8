#include "app/output.h"

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arch/config/files_read.h"
#include "arch/diag/error.h"
#include "arch/diag/printable.h"

namespace systole {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWasRead = "it is a file that this command reads";

std::string reason(int error) {
  return std::generic_category().message(error);
}

[[noreturn]] void cannot_write(const std::string& file, std::string_view why) {
  throw UserError(fmt::format("systole: cannot write {}: {}", path_in_quotes(file), why));
}

[[noreturn]] void cannot_write(const std::string& file, int error) {
  cannot_write(file, reason(error));
}

/// 0, or the errno of the first write that failed.
int write_all(int descriptor, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {  // whoever shares the pipe wants no waiting; we wait
      pollfd writable{.fd = descriptor, .events = POLLOUT, .revents = 0};
      (void)::poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return errno;
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

std::string directory_of(const std::string& file) {
  const fs::path parent = fs::path(file).parent_path();
  return parent.empty() ? "." : parent.string();
}

/// errno of a descriptor that cannot be written, else 0.
int fault_of_descriptor(int descriptor) {
  const int flags = ::fcntl(descriptor, F_GETFL);
  if (flags < 0) {
    return errno;
  }
  return (flags & O_ACCMODE) == O_RDONLY ? EBADF : 0;
}

/// errno of a file that cannot be made or replaced, else 0.
int fault_of_file(const std::string& target) {
  std::error_code ignored;
  if (fs::is_directory(target, ignored)) {
    return EISDIR;
  }
  // Renaming over a file that its owner made read-only would work, and surprise.
  if (fs::exists(target, ignored) && ::access(target.c_str(), W_OK) != 0) {
    return errno;
  }
  const std::string directory = directory_of(target);
  if (fs::exists(directory, ignored) && !fs::is_directory(directory, ignored)) {
    return ENOTDIR;
  }
  return ::access(directory.c_str(), W_OK | X_OK) != 0 ? errno : 0;
}

int fault_of(const OutputPlace& place) {
  switch (place.kind) {
    case OutputPlace::Kind::Descriptor:
      return fault_of_descriptor(place.descriptor);
    case OutputPlace::Kind::InPlace: {
      std::error_code ignored;
      if (fs::is_directory(place.target, ignored)) {
        return EISDIR;
      }
      return ::access(place.target.c_str(), W_OK) != 0 ? errno : 0;
    }
    case OutputPlace::Kind::File:
      return place.error != 0 ? place.error : fault_of_file(place.target);
  }
  return 0;
}

}  // namespace

void check_output(const std::string& file) {
  const OutputPlace place = output_place(file);
  if (const int error = fault_of(place); error != 0) {
    cannot_write(file, error);
  }
  if (was_file_read(place.target)) {
    cannot_write(file, kWasRead);
  }
}

void check_regular_output(std::string_view option, const std::string& file) {
  check_output(file);
  if (output_place(file).kind != OutputPlace::Kind::File) {
    throw UserError(
        fmt::format("systole: {}: expected a regular file, got {}", option, path_in_quotes(file)));
  }
}

/// What is written in place.
class OutputFile::OpenFile {
 public:
  OpenFile(std::string file, const OutputPlace& place) : file_(std::move(file)) {
    if (place.kind == OutputPlace::Kind::Descriptor) {
      const int fault = fault_of_descriptor(place.descriptor);
      errno = fault;
      descriptor_ = fault != 0 ? -1 : ::fcntl(place.descriptor, F_DUPFD_CLOEXEC, 0);
    } else {
      // A pipe waits here until somebody reads it, or the user has enough of it.
      descriptor_ = ::open(place.target.c_str(),
                           O_WRONLY | O_CLOEXEC | O_NOCTTY | (place.appends ? O_APPEND : 0));
    }
    if (descriptor_ < 0) {
      cannot_write(file_, errno);
    }
  }
  ~OpenFile() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

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
  int descriptor_ = -1;
};

Replacement::Replacement(const std::string& file, std::string_view suffix, Replaces replaces)
    : file_(file), target_(output_place(file).target), replaces_(replaces) {
  check_replaced();
  temporary_ = std::make_unique<TemporaryFile>(directory_of(target_), suffix);
  if (temporary_->error() != 0) {
    cannot_write(file, temporary_->error());
  }
}

void Replacement::write(std::string_view text) {
  if (const int error = write_all(temporary_->descriptor(), text); error != 0) {
    fail(error);
  }
}

void Replacement::commit() {
  check_replaced();
  if (::fchmod(temporary_->descriptor(), mode_for(target_)) != 0) {
    fail(errno);
  }
  if (const int error = temporary_->become(target_); error != 0) {
    fail(error);
  }
}

void Replacement::fail(int error) {
  temporary_.reset();
  cannot_write(file_, error);
}

void Replacement::check_replaced() const {
  if (replaces_ == Replaces::OtherFiles && was_file_read(target_)) {
    cannot_write(file_, kWasRead);
  }
}

OutputFile::OutputFile(const std::string& file, Replaces replaces) {
  const OutputPlace place = output_place(file);
  if (place.kind == OutputPlace::Kind::File) {
    replacement_ = std::make_unique<Replacement>(file, "", replaces);
  } else {
    open_ = std::make_unique<OpenFile>(file, place);
  }
}

OutputFile::~OutputFile() = default;

void OutputFile::write(std::string_view text) {
  constexpr std::size_t kBlock = 65'536;
  buffer_ += text;
  if (buffer_.size() >= kBlock) {
    flush();
  }
}

void OutputFile::flush() {
  if (open_ != nullptr) {
    open_->write(buffer_);
  } else {
    replacement_->write(buffer_);
  }
  buffer_.clear();
}

void OutputFile::finish() {
  flush();
  if (open_ != nullptr) {
    open_->close();
  } else {
    replacement_->commit();
  }
}

void write_file(const std::string& file, std::string_view text, Replaces replaces) {
  OutputFile output(file, replaces);
  output.write(text);
  output.finish();
}

void write_standard_output(std::string_view text) {
  if (const int error = write_all(STDOUT_FILENO, text); error != 0) {
    throw UserError(fmt::format("systole: cannot write to standard output: {}", reason(error)));
  }
}

void write_standard_error(std::string_view text) noexcept {
  (void)write_all(STDERR_FILENO, text);
}

void prepare_outputs() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) < 0) {
      (void)::open("/dev/null", O_RDONLY);  // takes the lowest free number, which is this one
    }
  }
  (void)::signal(SIGXFSZ, SIG_IGN);
}

}  // namespace systole
