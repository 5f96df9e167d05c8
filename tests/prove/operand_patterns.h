#pragma once

#include <cstdint>
#include <random>

#include "arch/isa/data_type.h"

namespace systole::testing {

/// Numbers in a range, the same on every machine.
class CaseRandom {
 public:
  explicit CaseRandom(std::uint64_t seed) : engine_(seed) {}
  /// low .. high.
  std::int64_t in(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }
  /// One time in `times`.
  bool once_in(std::int64_t times) { return in(1, times) == 1; }

 private:
  std::mt19937_64 engine_;
};

/// What the bits of an element are worth, by the definition of its format: the oracle for what is
/// given to arrays. Exact: every value of the formats below 32 bits is a double.
[[nodiscard]] double value_of(std::uint32_t bits, DataType type);

/// The same as an array gets it: integers sign-extended, floating values as binary32.
[[nodiscard]] std::uint32_t lane_of(std::uint32_t bits, DataType type);

/// Bits of an element: integers from the whole range, often its ends; floating values mostly of
/// middling size, so that sums are neither all infinite nor all the same, else any bits at all:
/// subnormals, infinities, NaNs, both zeros.
[[nodiscard]] std::uint32_t random_bits(CaseRandom& random, DataType type);

}  // namespace systole::testing
