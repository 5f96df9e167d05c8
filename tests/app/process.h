#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

namespace systole {

struct ProcessOptions {
  std::string binary;                              ///< instead of the built one
  std::string directory;                           ///< to run in; empty: that of the test
  std::map<std::string, std::string> environment;  ///< added to that of the test
  std::string output;                              ///< file that becomes standard output
  bool appends = false;                            ///< `>> output`
  std::string error;                               ///< file that becomes standard error
  bool closed_reader = false;                      ///< standard output is a pipe nobody reads
  bool ignore_broken_pipe = false;                 ///< start with SIGPIPE ignored
  std::vector<int> closed;                         ///< descriptors that are not open at the start
  std::map<int, unsigned long> limits;             ///< RLIMIT_FSIZE and the like
  std::chrono::milliseconds time_limit{0};         ///< then SIGKILL; 0: none
};

struct ProcessResult {
  int exit_code = -1;  ///< -1 where a signal ended it
  int signal = 0;
  bool timed_out = false;
  std::string out;
  std::string err;
};

/// The built `systole`, running. Standard input is empty.
class Process {
 public:
  explicit Process(const std::vector<std::string>& arguments, ProcessOptions options = {});
  ~Process();  ///< kills what nobody waited for
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] pid_t id() const { return id_; }
  void send(int signal) const;
  /// To its end.
  [[nodiscard]] ProcessResult wait();

 private:
  ProcessOptions options_;
  std::filesystem::path out_;
  std::filesystem::path err_;
  pid_t id_ = -1;
};

/// Runs it to its end.
[[nodiscard]] ProcessResult run_systole(const std::vector<std::string>& arguments,
                                        const ProcessOptions& options = {});

}  // namespace systole
