#include "study/explore/pareto.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "arch/diag/check.h"

namespace systole {

bool dominates(const Objectives& a, const Objectives& b) {
  SYSTOLE_CHECK(a.size() == b.size(), "{} and {} objectives", a.size(), b.size());
  bool better = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) {
      return false;
    }
    better = better || a[i] < b[i];
  }
  return better;
}

std::vector<std::size_t> pareto_front(const std::vector<Objectives>& points) {
  // In lexicographic order a point can only be dominated by one before it.
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return points[a] != points[b] ? points[a] < points[b] : a < b;
  });
  std::vector<std::size_t> front;
  for (const std::size_t candidate : order) {
    const bool dominated = std::any_of(front.begin(), front.end(), [&](std::size_t other) {
      return dominates(points[other], points[candidate]);
    });
    if (!dominated) {
      front.push_back(candidate);
    }
  }
  std::sort(front.begin(), front.end());
  return front;
}

void Front::add(const Objectives& point) {
  for (const Objectives& other : points_) {
    if (dominates(other, point) || other == point) {
      return;
    }
  }
  points_.erase(std::remove_if(points_.begin(), points_.end(),
                               [&](const Objectives& other) { return dominates(point, other); }),
                points_.end());
  points_.push_back(point);
}

bool Front::excludes(const Objectives& bound) const {
  return std::any_of(points_.begin(), points_.end(),
                     [&](const Objectives& point) { return dominates(point, bound); });
}

double explained_share(const std::vector<std::size_t>& levels, const std::vector<double>& values) {
  SYSTOLE_CHECK(levels.size() == values.size(), "{} levels, {} values", levels.size(),
                values.size());
  if (values.empty()) {
    return 0.0;
  }
  struct Group {
    double sum = 0;
    double count = 0;
  };
  std::map<std::size_t, Group> groups;
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    Group& group = groups[levels[i]];
    group.sum += values[i];
    group.count += 1;
    sum += values[i];
  }
  const double mean = sum / static_cast<double>(values.size());
  const double whole = std::accumulate(
      values.begin(), values.end(), 0.0,
      [&](double total, double value) { return total + (value - mean) * (value - mean); });
  double between = 0;
  for (const auto& [level, group] : groups) {
    const double difference = group.sum / group.count - mean;
    between += group.count * difference * difference;
  }
  return whole > 0 ? std::min(1.0, between / whole) : 0.0;
}

}  // namespace systole
