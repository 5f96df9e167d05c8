#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "tests/fuzz/fuzzer.h"

namespace {

struct Request {
  std::uint64_t seed = 1;
  std::uint64_t first = 0;
  std::optional<std::uint64_t> cases;
  std::optional<int> seconds;
  std::optional<std::uint64_t> alone;
  std::string binary;
  int limit = 60;
};

/// Where it differs from what must be: the line that runs it again.
bool tell(const Request& request, std::uint64_t number, const systole::fuzz::Verdict& verdict) {
  if (verdict.fault.empty() && !request.alone) {
    return true;
  }
  fmt::print("case {}: {}\n  cd {} && {}\n", number,
             verdict.fault.empty() ? "as it must be" : verdict.fault, verdict.folder,
             verdict.command);
  if (!verdict.fault.empty()) {
    fmt::print("  again: scripts/fuzz --seed {} --case {}\n", request.seed, number);
  }
  std::fflush(stdout);
  return verdict.fault.empty();
}

int fuzz(const Request& request) {
  const systole::fuzz::Fuzzer fuzzer(request.seed, request.binary, request.limit);
  if (request.alone) {
    return tell(request, *request.alone, fuzzer.run(*request.alone, true)) ? 0 : 1;
  }
  const auto start = std::chrono::steady_clock::now();
  const std::uint64_t most = request.cases.value_or(request.seconds ? UINT64_MAX : 200);
  std::uint64_t done = 0;
  std::uint64_t wrong = 0;
  for (; done < most; ++done) {
    if (request.seconds &&
        std::chrono::steady_clock::now() - start >= std::chrono::seconds(*request.seconds)) {
      break;
    }
    const std::uint64_t number = request.first + done;
    if (!tell(request, number, fuzzer.run(number, false))) {
      ++wrong;
    }
  }
  fmt::print("{} cases from {} with seed {}: {} wrong\n", done, request.first, request.seed, wrong);
  return wrong == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Request request;
  CLI::App app("Runs systole on mutated inputs and judges how it ends.", "fuzz");
  app.add_option("--seed", request.seed, "Another seed, other cases (default: 1)");
  app.add_option("--first", request.first, "Number of the first case (default: 0)");
  app.add_option("--cases", request.cases, "How many (default: 200, or until --seconds are over)");
  app.add_option("--seconds", request.seconds, "For how long");
  app.add_option("--case", request.alone, "This one alone; its folder stays");
  app.add_option("--binary", request.binary, "Another systole, such as one with sanitizers");
  app.add_option("--limit", request.limit, "Seconds for one case (default: 60)");
  CLI11_PARSE(app, argc, argv);
  try {
    return fuzz(request);
  } catch (const std::exception& error) {
    fmt::print(stderr, "fuzz: {}\n", error.what());
    return 2;
  }
}
