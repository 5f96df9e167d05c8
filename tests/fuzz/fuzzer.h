#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/app/process.h"

namespace systole::fuzz {

/// What a case was, and what is wrong with how it ended; nothing is wrong where `fault` is empty.
struct Verdict {
  std::string command;  ///< as one would type it in the case's folder
  std::string fault;
  std::string folder;  ///< empty where it is gone
};

/// Runs the built `systole` on mutated inputs: every shipped YAML, options, request traces,
/// signals, closed descriptors and limits of the machine. However a case is chosen, the program has
/// to end in time, with exit code 0, 1 or 2 or by the signal that was sent; with 2 it writes one
/// line to standard error and nothing to standard output; it leaves no file behind but its outputs;
/// and an output that stood there before is the old one or a whole new one.
class Fuzzer {
 public:
  /// `binary` empty: the built systole. `seconds`: for one case.
  Fuzzer(std::uint64_t seed, std::string binary, int seconds);

  /// The number is the case's: the same every time. With `keep` its folder stays.
  [[nodiscard]] Verdict run(std::uint64_t number, bool keep) const;

 private:
  std::uint64_t seed_;
  std::string binary_;
  int seconds_;
  std::vector<std::filesystem::path> files_;  ///< that ship, from the source tree
};

}  // namespace systole::fuzz
