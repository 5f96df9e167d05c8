#include "reference/measured/time_spread.h"

#include <algorithm>
#include <cstddef>

#include "arch/diag/check.h"

namespace systole {

namespace {

/// At `quarters` / 4 of the way through sorted samples.
double quantile(const std::vector<double>& sorted, std::size_t quarters) {
  constexpr std::size_t kWhole = 4;
  const std::size_t position = quarters * (sorted.size() - 1);
  const std::size_t below = position / kWhole;
  const double share = static_cast<double>(position % kWhole) / static_cast<double>(kWhole);
  const double low = sorted[below];
  const double high = sorted[std::min(below + 1, sorted.size() - 1)];
  return low + share * (high - low);
}

}  // namespace

TimeSpread spread_of(std::vector<double> seconds) {
  SYSTOLE_CHECK(!seconds.empty(), "no samples");
  std::sort(seconds.begin(), seconds.end());
  return {.median = quantile(seconds, 2),
          .lower_quartile = quantile(seconds, 1),
          .upper_quartile = quantile(seconds, 3)};
}

}  // namespace systole
