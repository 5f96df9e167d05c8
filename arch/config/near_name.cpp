#include "arch/config/near_name.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace systole {

namespace {

/// Edits between two names, a swap of neighbours counting as one (optimal string alignment).
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const std::size_t replaced = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({replaced, cost[i - 1][j] + 1, cost[i][j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::string_view nearest_name(std::string_view written,
                              const std::vector<std::string_view>& candidates) {
  constexpr std::size_t kLongestName = 64;  // names beyond are nobody's typing error
  if (written.size() > kLongestName) {
    return {};
  }
  std::string_view best;
  std::size_t best_edits = std::max<std::size_t>(written.size() / 3, 1) + 1;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() <= kLongestName && edits(written, candidate) < best_edits) {
      best = candidate;
      best_edits = edits(written, candidate);
    }
  }
  return best;
}

std::string suggestion(std::string_view written, const std::vector<std::string_view>& candidates) {
  const std::string_view near = nearest_name(written, candidates);
  return near.empty() ? std::string() : fmt::format(" (did you mean '{}'?)", near);
}

std::string one_of(const std::vector<std::string_view>& names) {
  return fmt::format("{}{}", names.size() == 1 ? "" : "one of ", fmt::join(names, ", "));
}

}  // namespace systole
