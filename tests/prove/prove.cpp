#include <cstdint>
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "tests/prove/prove_case.h"
#include "tests/prove/prover.h"

namespace {

/// Cases first .. first + count - 1; false at the first difference, which is printed.
bool prove(std::uint64_t first, std::uint64_t count) {
  systole::testing::Prover prover;
  const bool shows_progress = isatty(fileno(stderr)) != 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (const auto found = prover.difference(first + i)) {
      fmt::print("{}{}\n", shows_progress ? "\n" : "", *found);
      return false;
    }
    if (shows_progress && (i % 50 == 49 || i + 1 == count)) {
      fmt::print(stderr, "\r{} of {} cases agree", i + 1, count);
    }
  }
  fmt::print("{}{} cases agree: {}\n", shows_progress ? "\n" : "", count, prover.arrays());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Compares the array's closed timing rules, the PE level, the RTL and scalar arithmetic on "
      "random cases. Exit code 1 at the first difference.");
  std::uint64_t count = 2000;
  std::uint64_t first = 0;
  std::uint64_t one = 0;
  app.add_option("--cases", count, "how many cases")->capture_default_str();
  app.add_option("--first", first, "number of the first")->capture_default_str();
  CLI::Option* single = app.add_option("--case", one, "print this case and run it alone");
  CLI11_PARSE(app, argc, argv);
  if (single->count() > 0) {
    fmt::print("{}", text_of(systole::testing::prove_case(one)));
    first = one;
    count = 1;
  }
  return prove(first, count) ? 0 : 1;
}
