#include "app/child_process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch/diag/error.h"
#include "arch/diag/printable.h"

namespace systole {

namespace {

[[noreturn]] void fail(const std::string& program, int error) {
  throw UserError(fmt::format("systole: cannot run {}: {}", path_in_quotes(program),
                              std::generic_category().message(error)));
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

void close_both(const std::array<int, 2>& ends) {
  ::close(ends[0]);
  ::close(ends[1]);
}

/// In the child. It ends with its parent, however that ends.
[[noreturn]] void become(std::vector<char*>& arguments, pid_t parent, int output, int failures) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == parent &&
      ::dup2(output, STDOUT_FILENO) >= 0) {
    ::execv(arguments.front(), arguments.data());
  }
  const std::string error = std::to_string(errno);
  (void)!::write(failures, error.data(), error.size());
  ::_exit(1);
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
  std::vector<char*> arguments;
  for (const std::string& word : command) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): execv changes nothing
    arguments.push_back(const_cast<char*>(word.c_str()));
  }
  arguments.push_back(nullptr);
  std::array<int, 2> failures{};
  if (::pipe2(failures.data(), O_CLOEXEC) != 0) {
    const int error = errno;
    close_both(ends);
    fail(command.front(), error);
  }
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) {
    const int error = errno;
    close_both(ends);
    close_both(failures);
    fail(command.front(), error);
  }
  if (child == 0) {
    become(arguments, parent, ends[1], failures[1]);
  }
  ::close(ends[1]);
  ::close(failures[1]);
  const std::string failure = read_all(failures[0]);  // empty when the program has started
  ::close(failures[0]);
  ChildResult result;
  result.output = read_all(ends[0]);
  ::close(ends[0]);
  result.exit_code = wait_for(child);
  if (!failure.empty()) {
    fail(command.front(), std::stoi(failure));
  }
  return result;
}

}  // namespace systole
