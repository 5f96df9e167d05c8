#include "tests/prove/prover.h"

#include <array>
#include <functional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "arch/diag/error.h"
#include "tests/prove/sides.h"
#include "tests/support/forked.h"

namespace systole::testing {

namespace {

constexpr std::array<std::string_view, 6> kSides{
    "closed rules",       "scalar arithmetic", "the matrix unit with model tile and pe",
    "the PE level alone", "RTL of 16 x 16",    "RTL of 5 x 19"};

using Cases = std::vector<ProveCase>;

std::string report(const ProveCase& prove_case, const std::string& found) {
  return fmt::format("{}{}\nagain: scripts/prove --case {}", text_of(prove_case), found,
                     prove_case.number);
}

std::optional<std::string> array_difference(ArraySides& arrays, const ProveCase& prove_case) {
  const std::vector<Side> sides = arrays.run(prove_case);
  if (!prove_case.has_bubbles) {
    if (auto found = difference_in_folds(prove_case, closed_rules(prove_case), sides[0])) {
      return found;
    }
  }
  if (auto found = difference_in_sums(prove_case, scalar_arithmetic(prove_case), sides[0])) {
    return found;
  }
  for (std::size_t i = 1; i < sides.size(); ++i) {
    if (auto found = difference_in_folds(prove_case, sides[0], sides[i])) {
      return found;
    }
  }
  return std::nullopt;
}

/// What differs first between rules, PE level, RTL and scalar arithmetic; empty when nothing does.
std::string difference_on_arrays(const Cases& cases) {
  ArraySides arrays;
  for (const ProveCase& prove_case : cases) {
    for (const ProveCase& variant : {prove_case, with_bubbles(prove_case)}) {
      std::optional<std::string> found;
      try {
        found = array_difference(arrays, variant);
      } catch (const InternalError& error) {
        found = error.what();
      }
      if (found) {
        return report(variant, *found);
      }
    }
  }
  return "";
}

std::optional<std::string> unit_difference(const ProveCase& prove_case,
                                           const std::vector<Side>& units) {
  // Times by the rules; results by the array, whose times the rules have been held to.
  Side expected = closed_rules_on_unit(prove_case);
  const Side array = ArraySides::run_pe_level(prove_case);
  expected.sums = array.sums;
  for (std::size_t i = 0; i < expected.folds.size(); ++i) {
    expected.folds[i].results = array.folds[i].results;
  }
  const Side scalar = scalar_arithmetic(prove_case);
  for (const Side& unit : units) {
    if (auto found = difference_in_folds(prove_case, expected, unit)) {
      return found;
    }
    if (auto found = difference_in_sums(prove_case, scalar, unit)) {
      return found;
    }
  }
  return std::nullopt;
}

/// The same between rules, PE level, scalar arithmetic and matrix units.
std::string difference_on_units(Cases cases) {
  for (std::size_t i = 0, drawn = cases.size(); i < drawn; ++i) {
    cases.push_back(with_other_pace(cases[i]));
  }
  const std::vector<std::vector<Side>> units = run_units(cases);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (const auto found = unit_difference(cases[i], units[i])) {
      return report(cases[i], *found);
    }
  }
  return "";
}

/// What `work` says in a process of its own, or what it threw.
std::string forked(const std::function<std::string()>& work) {
  const ForkedResult result = run_forked(work);
  return result.error.empty() ? result.output : result.error;
}

/// Sums are small enough to print.
constexpr std::size_t kMostSums = 64;

std::string account_of_sums(const ProveCase& prove_case, const Side& side) {
  std::string text;
  for (std::size_t p = 0; p < side.sums.size(); ++p) {
    if (side.sums[p].size() > kMostSums) {
      text += fmt::format("  product {}: {} sums\n", p, side.sums[p].size());
      continue;
    }
    text += fmt::format("  product {}: C =", p);
    const auto n = static_cast<std::size_t>(prove_case.products[p].n);
    for (std::size_t i = 0; i < side.sums[p].size(); ++i) {
      text += fmt::format("{}{:08x}", i > 0 && i % n == 0 ? "; " : " ", side.sums[p][i]);
    }
    text += '\n';
  }
  return text;
}

std::string account_of(const ProveCase& prove_case, const Side& side) {
  std::string text = side.name + (prove_case.has_bubbles ? ", with bubbles" : "") + '\n';
  for (std::size_t i = 0; i < side.folds.size(); ++i) {
    text += fmt::format("  fold {}: {}\n", i, times_text(side.folds[i]));
  }
  return text + account_of_sums(prove_case, side);
}

std::string account_of(const ProveCase& prove_case, const std::vector<Side>& sides) {
  std::string text;
  for (const Side& side : sides) {
    text += account_of(prove_case, side);
  }
  return text;
}

}  // namespace

std::optional<std::string> first_difference(std::uint64_t first, std::uint64_t count,
                                            std::span<const ArrayLimits> limits) {
  Cases cases;
  for (std::uint64_t i = 0; i < count; ++i) {
    cases.push_back(prove_case(first + i, limits));
  }
  std::string found = forked([&] { return difference_on_arrays(cases); });
  if (found.empty()) {
    found = forked([&] { return difference_on_units(cases); });
  }
  return found.empty() ? std::nullopt : std::optional(found);
}

std::string account_of(std::uint64_t number) {
  const ProveCase plain = prove_case(number);
  std::string text = account_of(plain, {closed_rules(plain), scalar_arithmetic(plain)});
  text += forked([&] {
    const std::array cases{plain, with_other_pace(plain)};
    const std::vector<std::vector<Side>> units = run_units(cases);
    return account_of(cases[0], units[0]) + fmt::format("at pace {}: ", cases[1].pace) +
           account_of(cases[1], {closed_rules_on_unit(cases[1])}) + account_of(cases[1], units[1]);
  });
  return text + forked([&] {
           ArraySides arrays;
           const ProveCase late = with_bubbles(plain);
           return account_of(plain, arrays.run(plain)) + account_of(late, arrays.run(late));
         });
}

std::string sides_compared() {
  return fmt::format("{}", fmt::join(kSides, ", "));
}

}  // namespace systole::testing
