#include "tests/app/process.h"

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace systole {

namespace {

namespace fs = std::filesystem;

std::string read_and_remove(const fs::path& file) {
  std::stringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  fs::remove(file);
  return text.str();
}

fs::path new_file() {
  std::string name = (fs::temp_directory_path() / "systole-test-XXXXXX").string();
  const int descriptor = ::mkstemp(name.data());
  if (descriptor < 0) {
    throw std::runtime_error("cannot make a temporary file");
  }
  ::close(descriptor);
  return name;
}

void redirect(int descriptor, const std::string& file, int flags) {
  const int opened = ::open(file.c_str(), flags);
  if (opened < 0 || ::dup2(opened, descriptor) < 0) {
    ::_exit(127);
  }
}

void redirect_to_closed_pipe() {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0 || ::dup2(ends[1], STDOUT_FILENO) < 0) {
    ::_exit(127);
  }
  ::close(ends[0]);
  ::close(ends[1]);
}

void limit(const std::map<int, unsigned long>& limits) {
  for (const auto& [resource, most] : limits) {
    const struct rlimit both { .rlim_cur = most, .rlim_max = most };
    if (::setrlimit(static_cast<__rlimit_resource>(resource), &both) != 0) {
      ::_exit(127);
    }
  }
}

[[noreturn]] void become_systole(std::vector<char*>& arguments, const ProcessOptions& options,
                                 const fs::path& out, const fs::path& err) {
  redirect(STDIN_FILENO, "/dev/null", O_RDONLY);
  redirect(STDERR_FILENO, options.error.empty() ? err.string() : options.error, O_WRONLY);
  if (options.closed_reader) {
    redirect_to_closed_pipe();
  } else {
    redirect(STDOUT_FILENO, options.output.empty() ? out.string() : options.output,
             O_WRONLY | (options.appends ? O_APPEND : 0));
  }
  ::signal(SIGPIPE, options.ignore_broken_pipe ? SIG_IGN : SIG_DFL);
  for (const auto& [name, value] : options.environment) {
    ::setenv(name.c_str(), value.c_str(), 1);
  }
  if (!options.directory.empty() && ::chdir(options.directory.c_str()) != 0) {
    ::_exit(127);
  }
  const std::string binary = options.binary.empty() ? SYSTOLE_BINARY : options.binary;
  (void)::close_range(STDERR_FILENO + 1, ~0U, 0);  // the same ones wherever the test runs
  for (const int descriptor : options.closed) {
    ::close(descriptor);
  }
  limit(options.limits);
  ::execv(binary.c_str(), arguments.data());
  ::_exit(127);
}

/// False where it still runs then.
bool ends_within(pid_t process, std::chrono::milliseconds time) {
  const auto descriptor = static_cast<int>(::syscall(SYS_pidfd_open, process, 0));
  if (descriptor < 0) {
    throw std::runtime_error("cannot watch a process");
  }
  pollfd watched{.fd = descriptor, .events = POLLIN, .revents = 0};
  const int ready = ::poll(&watched, 1, static_cast<int>(time.count()));
  ::close(descriptor);
  return ready > 0;
}

}  // namespace

Process::Process(const std::vector<std::string>& arguments, ProcessOptions options)
    : options_(std::move(options)), out_(new_file()), err_(new_file()) {
  std::vector<std::string> words{"systole"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) {
    pointers.push_back(word.data());
  }
  pointers.push_back(nullptr);
  id_ = ::fork();
  if (id_ < 0) {
    throw std::runtime_error("cannot fork");
  }
  if (id_ == 0) {
    become_systole(pointers, options_, out_, err_);
  }
}

Process::~Process() {
  if (id_ > 0) {
    send(SIGKILL);
    (void)wait();
  }
}

void Process::send(int signal) const {
  ::kill(id_, signal);
}

ProcessResult Process::wait() {
  ProcessResult result;
  if (options_.time_limit.count() > 0 && !ends_within(id_, options_.time_limit)) {
    result.timed_out = true;
    send(SIGKILL);
  }
  int status = 0;
  ::waitpid(id_, &status, 0);
  id_ = -1;
  if (WIFEXITED(status)) {
    result.exit_code = WEXITSTATUS(status);
  } else {
    result.signal = WTERMSIG(status);
  }
  result.out = read_and_remove(out_);
  result.err = read_and_remove(err_);
  return result;
}

ProcessResult run_systole(const std::vector<std::string>& arguments,
                          const ProcessOptions& options) {
  return Process(arguments, options).wait();
}

}  // namespace systole
