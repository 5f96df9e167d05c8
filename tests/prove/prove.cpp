#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "arch/diag/error.h"
#include "tests/prove/prove_case.h"
#include "tests/prove/prover.h"

namespace {

constexpr int kDiffers = 1;
constexpr int kUserMistake = 2;
constexpr std::uint64_t kMostCases = 1'000'000'000;
constexpr std::uint64_t kLastCase = std::numeric_limits<std::uint64_t>::max() - kMostCases;

struct Words {
  std::string cases = "2000";
  std::string first = "0";
  std::optional<std::string> one;
};

std::uint64_t integer_of(const std::string& option, const std::string& text, std::uint64_t min,
                         std::uint64_t max) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stopped != end || value < min || value > max) {
    throw systole::UserError(
        fmt::format("prove: {}: expected an integer in {}..{}, got '{}'", option, min, max, text));
  }
  return value;
}

/// Cases first .. first + count - 1; false at the first difference, which is printed.
bool prove(std::uint64_t first, std::uint64_t count) {
  constexpr std::uint64_t kBatch = 100;  // in processes of their own
  const bool shows_progress = isatty(fileno(stderr)) != 0;
  for (std::uint64_t done = 0; done < count; done += kBatch) {
    const std::uint64_t batch = std::min(kBatch, count - done);
    if (const auto found = systole::testing::first_difference(first + done, batch)) {
      fmt::print("{}{}\n", shows_progress ? "\n" : "", *found);
      return false;
    }
    if (shows_progress) {
      fmt::print(stderr, "\r{} of {} cases agree", done + batch, count);
    }
  }
  fmt::print("{}{} case{} agree{}: {}\n", shows_progress ? "\n" : "", count, count == 1 ? "" : "s",
             count == 1 ? "s" : "", systole::testing::sides_compared());
  return true;
}

int prove_as_asked(const Words& words) {
  if (words.one) {
    const std::uint64_t number = integer_of("--case", *words.one, 0, kLastCase);
    fmt::print("{}", text_of(systole::testing::prove_case(number)));
    fmt::print("{}", systole::testing::account_of(number));
    return prove(number, 1) ? 0 : kDiffers;
  }
  const std::uint64_t count = integer_of("--cases", words.cases, 1, kMostCases);
  return prove(integer_of("--first", words.first, 0, kLastCase), count) ? 0 : kDiffers;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Compares the array's closed timing rules, the matrix unit (tile and PE level), the PE level "
      "alone, the RTL and scalar arithmetic on random cases. Exit code 1 at the first difference.");
  Words words;
  app.add_option("--cases", words.cases, "how many cases")->capture_default_str();
  app.add_option("--first", words.first, "number of the first")->capture_default_str();
  app.add_option("--case", words.one, "print this case and what each side says, run it alone");
  try {
    app.parse(argc, argv);
    return prove_as_asked(words);
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", app.help());
    return 0;
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "prove: {}; see --help\n", error.what());
  } catch (const systole::UserError& error) {
    fmt::print(stderr, "{}\n", error.what());
  }
  return kUserMistake;
}
