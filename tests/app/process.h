#pragma once

#include <map>
#include <string>
#include <vector>

namespace systole {

struct ProcessOptions {
  std::string binary;                              ///< instead of the built one
  std::string directory;                           ///< to run in; empty: that of the test
  std::map<std::string, std::string> environment;  ///< added to that of the test
  std::string output;                              ///< file that becomes standard output
  bool closed_reader = false;                      ///< standard output is a pipe nobody reads
  bool ignore_broken_pipe = false;                 ///< start with SIGPIPE ignored
};

struct ProcessResult {
  int exit_code = -1;  ///< -1 where a signal ended it
  int signal = 0;
  std::string out;
  std::string err;
};

/// Runs the built `systole` to its end. Standard input is empty.
[[nodiscard]] ProcessResult run_systole(const std::vector<std::string>& arguments,
                                        const ProcessOptions& options = {});

}  // namespace systole
