#include "tests/app/process.h"

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
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

[[noreturn]] void become_systole(std::vector<char*>& arguments, const ProcessOptions& options,
                                 const fs::path& out, const fs::path& err) {
  redirect(STDIN_FILENO, "/dev/null", O_RDONLY);
  redirect(STDERR_FILENO, err.string(), O_WRONLY);
  if (options.closed_reader) {
    redirect_to_closed_pipe();
  } else {
    redirect(STDOUT_FILENO, options.output.empty() ? out.string() : options.output, O_WRONLY);
  }
  ::signal(SIGPIPE, options.ignore_broken_pipe ? SIG_IGN : SIG_DFL);
  for (const auto& [name, value] : options.environment) {
    ::setenv(name.c_str(), value.c_str(), 1);
  }
  if (!options.directory.empty() && ::chdir(options.directory.c_str()) != 0) {
    ::_exit(127);
  }
  const std::string binary = options.binary.empty() ? SYSTOLE_BINARY : options.binary;
  ::execv(binary.c_str(), arguments.data());
  ::_exit(127);
}

}  // namespace

ProcessResult run_systole(const std::vector<std::string>& arguments,
                          const ProcessOptions& options) {
  std::vector<std::string> words{"systole"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) {
    pointers.push_back(word.data());
  }
  pointers.push_back(nullptr);
  const fs::path out = new_file();
  const fs::path err = new_file();
  const pid_t child = ::fork();
  if (child < 0) {
    throw std::runtime_error("cannot fork");
  }
  if (child == 0) {
    become_systole(pointers, options, out, err);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ProcessResult result;
  if (WIFEXITED(status)) {
    result.exit_code = WEXITSTATUS(status);
  } else {
    result.signal = WTERMSIG(status);
  }
  result.out = read_and_remove(out);
  result.err = read_and_remove(err);
  return result;
}

}  // namespace systole
