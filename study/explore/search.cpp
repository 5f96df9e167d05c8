#include "study/explore/search.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "arch/diag/check.h"
#include "study/explore/search_library.h"

namespace systole {

namespace {

/// Points asked for so far, and what came of them.
class Archive {
 public:
  Archive(const StudySpec& study, const PointsToObjectives& evaluate)
      : study_(study), evaluate_(evaluate) {}

  [[nodiscard]] std::size_t axes() const { return study_.space.axes.size(); }
  [[nodiscard]] std::size_t values_of(std::size_t axis) const {
    return study_.space.axes[axis].values.size();
  }
  [[nodiscard]] std::size_t objectives() const { return study_.objectives.size(); }
  [[nodiscard]] const std::vector<PointId>& order() const { return order_; }
  [[nodiscard]] bool is_full() const {
    return static_cast<std::int64_t>(order_.size()) >= study_.sampler.points;
  }

  /// Of each point; a point beyond the budget counts as a forbidden one.
  std::vector<Objectives> results(const std::vector<PointId>& points) {
    constexpr double kForbidden = 2e30;
    std::vector<PointId> fresh;
    std::set<PointId> seen;
    for (const PointId point : points) {
      const bool has_room =
          static_cast<std::int64_t>(order_.size() + fresh.size()) < study_.sampler.points;
      if (known_.count(point) == 0 && has_room && study_.space.broken_condition(point).empty() &&
          seen.insert(point).second) {
        fresh.push_back(point);
      }
    }
    if (!fresh.empty()) {
      const std::vector<Objectives> objectives = evaluate_(fresh);
      SYSTOLE_CHECK(objectives.size() == fresh.size(), "{} results of {} points", objectives.size(),
                    fresh.size());
      for (std::size_t index = 0; index < fresh.size(); ++index) {
        known_.emplace(fresh[index], objectives[index]);
        order_.push_back(fresh[index]);
      }
    }
    std::vector<Objectives> results;
    results.reserve(points.size());
    for (const PointId point : points) {
      const auto found = known_.find(point);
      results.push_back(found == known_.end() ? Objectives(objectives(), kForbidden)
                                              : found->second);
    }
    return results;
  }

  /// The point that pagmo's vector means.
  [[nodiscard]] PointId point_of(const double* vector) const {
    std::vector<std::size_t> choices(axes());
    for (std::size_t axis = 0; axis < axes(); ++axis) {
      const double most = static_cast<double>(values_of(axis) - 1);
      choices[axis] = static_cast<std::size_t>(std::clamp(std::round(vector[axis]), 0.0, most));
    }
    return study_.space.id_of(choices);
  }

 private:
  const StudySpec& study_;
  const PointsToObjectives& evaluate_;
  std::map<PointId, Objectives> known_;
  std::vector<PointId> order_;
};

}  // namespace

std::vector<PointId> search(const StudySpec& study, const PointsToObjectives& evaluate) {
  Archive archive(study, evaluate);
  SearchTask task;
  for (std::size_t axis = 0; axis < archive.axes(); ++axis) {
    task.most.push_back(static_cast<double>(archive.values_of(axis) - 1));
  }
  task.objectives = archive.objectives();
  task.seed = static_cast<unsigned>(study.sampler.seed * 2654435761U + 1U);
  task.population = study.sampler.population;
  task.is_maco = study.sampler.kind == SamplerKind::Maco;
  task.results = [&](const std::vector<double>& vectors) {
    std::vector<PointId> points;
    for (std::size_t at = 0; at < vectors.size(); at += archive.axes()) {
      points.push_back(archive.point_of(vectors.data() + at));
    }
    return archive.results(points);
  };
  task.asked = [&] { return archive.order().size(); };
  task.is_full = [&] { return archive.is_full(); };
  search_library().search(task);
  return archive.order();
}

double hypervolume(const std::vector<Objectives>& points, const Objectives& reference) {
  std::vector<Objectives> within;
  for (const Objectives& point : points) {
    bool inside = true;
    for (std::size_t i = 0; i < point.size(); ++i) {
      inside = inside && point[i] < reference[i];
    }
    if (inside) {
      within.push_back(point);
    }
  }
  return within.empty() ? 0.0 : search_library().hypervolume(within, reference);
}

}  // namespace systole
