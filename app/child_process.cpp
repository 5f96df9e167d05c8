#include "app/child_process.h"

#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch/diag/error.h"

namespace systole {

namespace {

[[noreturn]] void fail(const std::string& program, int error) {
  throw UserError(
      fmt::format("systole: cannot run '{}': {}", program, std::generic_category().message(error)));
}

std::string read_all(int descriptor) {
  std::string text;
  std::array<char, 65536> block{};
  while (true) {
    const ssize_t length = ::read(descriptor, block.data(), block.size());
    if (length > 0) {
      text.append(block.data(), static_cast<std::size_t>(length));
    } else if (length == 0 || errno != EINTR) {
      return text;
    }
  }
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

ChildResult run_child(const std::vector<std::string>& command) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    fail(command.front(), errno);
  }
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::vector<char*> arguments;
  for (const std::string& word : command) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): posix_spawn changes nothing
    arguments.push_back(const_cast<char*>(word.c_str()));
  }
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int error =
      ::posix_spawn(&child, command.front().c_str(), &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (error != 0) {
    ::close(ends[0]);
    fail(command.front(), error);
  }
  ChildResult result;
  result.output = read_all(ends[0]);
  ::close(ends[0]);
  result.exit_code = wait_for(child);
  return result;
}

}  // namespace systole
