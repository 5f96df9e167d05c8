#include "arch/dram_spec.h"

namespace systole {

BytesPerSecond DramSpec::peak_bandwidth() const {
  // bytes * 10^15 / femtoseconds by long division, as the product may exceed 64 bits.
  constexpr int kFemtosecondDigits = 15;
  const std::int64_t bytes = standard.organization.burst_bytes().count() * channels;
  const std::int64_t burst_time = standard.timing.tCK.count() * standard.timing.nBL.count();
  std::int64_t quotient = bytes / burst_time;
  std::int64_t remainder = bytes % burst_time;
  for (int digit = 0; digit < kFemtosecondDigits; ++digit) {
    quotient = quotient * 10 + remainder * 10 / burst_time;
    remainder = remainder * 10 % burst_time;
  }
  return BytesPerSecond(quotient);
}

}  // namespace systole
