#include "tests/support/forked.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace systole {

namespace {

// The first byte of what the child sends says what follows.
constexpr char kReturned = 'R';
constexpr char kFailed = 'F';

[[noreturn]] void fail(const char* call) {
  throw std::system_error(errno, std::generic_category(), call);
}

void write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) {
      return;  // the parent is gone; nobody is left to tell
    }
    bytes.remove_prefix(count < 0 ? 0 : static_cast<std::size_t>(count));
  }
}

std::string read_all(int descriptor) {
  std::string bytes;
  std::array<char, 65536> block{};
  for (;;) {
    const ssize_t count = read(descriptor, block.data(), block.size());
    if (count == 0) {
      return bytes;
    }
    if (count > 0) {
      bytes.append(block.data(), static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      fail("read");
    }
  }
}

/// What the function's end is as a message: its kind, then the text.
std::string message_of(const std::function<std::string()>& function) {
  const bool had_failed = testing::Test::HasFailure();
  try {
    const std::string output = function();
    if (!had_failed && testing::Test::HasFailure()) {
      return kFailed + std::string("an assertion failed in the child");
    }
    return kReturned + output;
  } catch (const std::exception& error) {
    return kFailed + std::string(error.what());
  } catch (...) {
    return kFailed + std::string("an exception of unknown type");
  }
}

[[noreturn]] void run_child(int descriptor, pid_t parent,
                            const std::function<std::string()>& function) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) {
    _exit(EXIT_FAILURE);  // the parent ended before it could be watched
  }
  const std::string message = message_of(function);
  std::fflush(nullptr);
  write_all(descriptor, message);
  _exit(message.front() == kReturned ? EXIT_SUCCESS : EXIT_FAILURE);
}

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) {
      fail("waitpid");
    }
  }
  return status;
}

}  // namespace

ForkedResult run_forked(const std::function<std::string()>& function) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) {
    fail("pipe");
  }
  std::fflush(nullptr);  // or the child would print the parent's pending output again
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) {
    fail("fork");
  }
  if (child == 0) {
    close(ends[0]);
    run_child(ends[1], parent, function);
  }
  close(ends[1]);
  const std::string message = read_all(ends[0]);
  close(ends[0]);
  const int status = wait_for(child);

  ForkedResult result;
  if (WIFSIGNALED(status)) {
    constexpr int kSignalBase = 128;  // as shells number it
    result.exit_code = kSignalBase + WTERMSIG(status);
    result.error = fmt::format("ended by signal {}", WTERMSIG(status));
  } else {
    result.exit_code = WEXITSTATUS(status);
    if (message.empty()) {
      result.error = fmt::format("exited with {} before the function returned", result.exit_code);
    } else {
      (message.front() == kReturned ? result.output : result.error) = message.substr(1);
    }
  }
  return result;
}

}  // namespace systole
