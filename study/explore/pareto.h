#pragma once

#include <cstddef>
#include <vector>

namespace systole {

/// Objectives of a point, all to be minimised.
using Objectives = std::vector<double>;

/// `a` is nowhere worse than `b` and somewhere better.
[[nodiscard]] bool dominates(const Objectives& a, const Objectives& b);

/// Indices of the points that no other dominates, in order; points that are equal are all there.
[[nodiscard]] std::vector<std::size_t> pareto_front(const std::vector<Objectives>& points);

/// A front that grows point by point.
class Front {
 public:
  /// Adds a point unless one here dominates it; drops those that it dominates.
  void add(const Objectives& point);
  /// True where a point here dominates every point that is nowhere better than `bound`.
  [[nodiscard]] bool excludes(const Objectives& bound) const;
  [[nodiscard]] const std::vector<Objectives>& points() const { return points_; }

 private:
  std::vector<Objectives> points_;
};

/// The share of the variance of `values` that the grouping by `levels` explains, 0..1: how much an
/// axis alone decides. 0 where the values do not differ.
[[nodiscard]] double explained_share(const std::vector<std::size_t>& levels,
                                     const std::vector<double>& values);

}  // namespace systole
