#include "arch/units/shares.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "arch/diag/check.h"

namespace systole {

double ratio(double part, double whole) {
  return whole == 0.0 ? 0.0 : part / whole;
}

std::vector<std::int64_t> tenths_of_percent(std::span<const std::int64_t> parts) {
  constexpr std::int64_t kWhole = 1000;
  const std::int64_t sum = std::accumulate(parts.begin(), parts.end(), std::int64_t{0});
  std::vector<std::int64_t> shares(parts.size(), 0);
  if (sum == 0) {
    return shares;
  }
  std::vector<std::int64_t> remainders;
  std::int64_t given = 0;
  for (std::size_t index = 0; index < parts.size(); ++index) {
    // Beyond, part * 1000 would not fit 64 bits: 9.2e15 cycles are months of simulated time.
    SYSTOLE_CHECK(parts[index] >= 0 && parts[index] <= INT64_MAX / kWhole, "share {} is {}", index,
                  parts[index]);
    shares[index] = parts[index] * kWhole / sum;
    remainders.push_back(parts[index] * kWhole % sum);
    given += shares[index];
  }
  std::vector<std::size_t> order(parts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return remainders[a] > remainders[b]; });
  for (std::size_t rank = 0; given < kWhole; ++rank, ++given) {
    ++shares[order[rank]];
  }
  return shares;
}

}  // namespace systole
