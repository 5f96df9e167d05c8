#include "app/temporary_file.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

namespace systole {

namespace {

constexpr std::size_t kMostFiles = 16;  // at a time; a command has five outputs

/// What a handler of signals may touch: names of the files to remove, of the process that made
/// them. A forked process has a copy and removes nothing.
struct ToRemove {
  std::array<std::atomic<const char*>, kMostFiles> names{};
  std::atomic<pid_t> owner{0};
};
static_assert(std::atomic<const char*>::is_always_lock_free);

// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): a handler gets no argument
ToRemove to_remove;

void remove_and_end(int signal) {
  if (to_remove.owner.load() == ::getpid()) {
    for (const std::atomic<const char*>& name : to_remove.names) {
      if (const char* const file = name.load(); file != nullptr) {
        (void)::unlink(file);
      }
    }
  }
  (void)::signal(signal, SIG_DFL);
  (void)::raise(signal);  // ends the program when this handler returns
}

void handle_signals() {
  to_remove.owner.store(::getpid());
  struct sigaction action {};
  action.sa_handler = remove_and_end;
  ::sigfillset(&action.sa_mask);
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGXCPU}) {
    struct sigaction before {};
    if (::sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_DFL) {
      ::sigaction(signal, &action, nullptr);
    }
  }
}

/// Until forget(): `name` has to live as long.
void remember(const char* name) {
  for (std::atomic<const char*>& slot : to_remove.names) {
    const char* empty = nullptr;
    if (slot.compare_exchange_strong(empty, name)) {
      return;
    }
  }
}

void forget(const char* name) {
  for (std::atomic<const char*>& slot : to_remove.names) {
    const char* held = name;
    if (slot.compare_exchange_strong(held, nullptr)) {
      return;
    }
  }
}

std::string random_letters() {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::array<unsigned char, 6> bytes{};
  (void)::getrandom(bytes.data(), bytes.size(), 0);
  std::string letters;
  for (const unsigned char byte : bytes) {
    letters += kLetters[byte % kLetters.size()];
  }
  return letters;
}

}  // namespace

TemporaryFile::TemporaryFile(const std::string& directory, std::string_view suffix) {
  constexpr int kTries = 100;
  constexpr mode_t kOwnerAlone = 0600;
  handle_signals();
  for (int i = 0; i < kTries && descriptor_ < 0; ++i) {
    name_ = fmt::format("{}/.systole-{}{}", directory, random_letters(), suffix);
    remember(name_.c_str());  // first: there is no moment at which the file is nobody's
    descriptor_ = ::open(name_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerAlone);
    if (descriptor_ < 0) {
      error_ = errno;
      forget(name_.c_str());
      if (error_ != EEXIST) {
        break;
      }
    }
  }
  exists_ = descriptor_ >= 0;
  error_ = exists_ ? 0 : error_;
}

TemporaryFile::~TemporaryFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
  if (exists_) {
    (void)::unlink(name_.c_str());
    forget(name_.c_str());
  }
}

int TemporaryFile::become(const std::string& target) {
  if (::close(std::exchange(descriptor_, -1)) != 0 ||
      ::rename(name_.c_str(), target.c_str()) != 0) {
    return errno;
  }
  forget(name_.c_str());
  exists_ = false;
  return 0;
}

}  // namespace systole
