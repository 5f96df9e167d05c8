#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "tests/prove/prove_case.h"

namespace systole::testing {

/// Carries cases first .. first + count - 1 out on every side there is (sides.h) and compares:
/// load, start, end and completion of each fold, all results and sums bit for bit. Arrays that are
/// driven from their edges do each case a second time, with operands that come late; matrix units
/// do it a second time at another pace. Empty when nothing differs; else the first difference
/// found, several lines with the case in full and how to run it again. Simulates in forked
/// processes, so it may be called again.
[[nodiscard]] std::optional<std::string> first_difference(
    std::uint64_t first, std::uint64_t count, std::span<const ArrayLimits> limits = kRtlLimits);

/// What each side says of a case: the cycles of every fold, and the sums of small products.
[[nodiscard]] std::string account_of(std::uint64_t number);

/// The sides that are compared, for people.
[[nodiscard]] std::string sides_compared();

}  // namespace systole::testing
