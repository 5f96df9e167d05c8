#include "study/explore/search.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

// pagmo's headers are heavy: they are included here and nowhere else.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#include <pagmo/algorithm.hpp>
#include <pagmo/algorithms/maco.hpp>
#include <pagmo/algorithms/nsga2.hpp>
#include <pagmo/batch_evaluators/member_bfe.hpp>
#include <pagmo/bfe.hpp>
#include <pagmo/population.hpp>
#include <pagmo/problem.hpp>
#include <pagmo/utils/hypervolume.hpp>
#pragma GCC diagnostic pop

#include "arch/diag/check.h"

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

/// The study as pagmo's problem: integer variables, evaluated by generations.
struct StudyProblem {
  Archive* archive = nullptr;  ///< copies share it

  [[nodiscard]] pagmo::vector_double fitness(const pagmo::vector_double& vector) const {
    return archive->results({archive->point_of(vector.data())}).front();
  }
  [[nodiscard]] pagmo::vector_double batch_fitness(const pagmo::vector_double& vectors) const {
    std::vector<PointId> points;
    for (std::size_t at = 0; at < vectors.size(); at += archive->axes()) {
      points.push_back(archive->point_of(vectors.data() + at));
    }
    pagmo::vector_double all;
    for (const Objectives& objectives : archive->results(points)) {
      all.insert(all.end(), objectives.begin(), objectives.end());
    }
    return all;
  }
  [[nodiscard]] bool has_batch_fitness() const { return true; }
  [[nodiscard]] std::pair<pagmo::vector_double, pagmo::vector_double> get_bounds() const {
    pagmo::vector_double lower(archive->axes(), 0.0);
    pagmo::vector_double upper;
    for (std::size_t axis = 0; axis < archive->axes(); ++axis) {
      upper.push_back(static_cast<double>(archive->values_of(axis) - 1));
    }
    return {lower, upper};
  }
  [[nodiscard]] pagmo::vector_double::size_type get_nobj() const { return archive->objectives(); }
  [[nodiscard]] pagmo::vector_double::size_type get_nix() const { return archive->axes(); }

  template <class Stream>
  void serialize(Stream& /*stream*/, unsigned /*version*/) {}
};

pagmo::algorithm algorithm_of(const SamplerSpec& sampler, unsigned seed) {
  const pagmo::bfe batches{pagmo::member_bfe{}};
  if (sampler.kind == SamplerKind::Maco) {
    constexpr unsigned kKernel = 63;
    pagmo::maco algorithm(1U,
                          std::min<unsigned>(kKernel, static_cast<unsigned>(sampler.population)),
                          1.0, 1U, 7U, 10000U, 0.0, true, seed);
    algorithm.set_bfe(batches);
    return pagmo::algorithm(algorithm);
  }
  // One gene in `axes` mutates on average: pagmo's default of 1 % suits long vectors of reals.
  pagmo::nsga2 algorithm(1U, 0.95, 10.0, 0.25, 5.0, seed);
  algorithm.set_bfe(batches);
  return pagmo::algorithm(algorithm);
}

}  // namespace

std::vector<PointId> search(const StudySpec& study, const PointsToObjectives& evaluate) {
  constexpr int kMostIdleGenerations = 50;
  Archive archive(study, evaluate);
  const auto seed = static_cast<unsigned>(study.sampler.seed * 2654435761U + 1U);
  const pagmo::problem problem{StudyProblem{&archive}};
  const auto size = static_cast<pagmo::population::size_type>(study.sampler.population);
  pagmo::population population(problem, pagmo::bfe{pagmo::member_bfe{}}, size, seed);
  // One algorithm for all generations, so that its random numbers go on and MACO keeps its memory.
  pagmo::algorithm algorithm = algorithm_of(study.sampler, seed);
  for (int idle = 0; idle < kMostIdleGenerations && !archive.is_full();) {
    const std::size_t before = archive.order().size();
    population = algorithm.evolve(population);
    idle = archive.order().size() == before ? idle + 1 : 0;
  }
  return archive.order();
}

double hypervolume(const std::vector<Objectives>& points, const Objectives& reference) {
  std::vector<pagmo::vector_double> within;
  for (const Objectives& point : points) {
    bool inside = true;
    for (std::size_t i = 0; i < point.size(); ++i) {
      inside = inside && point[i] < reference[i];
    }
    if (inside) {
      within.push_back(point);
    }
  }
  return within.empty() ? 0.0 : pagmo::hypervolume(within, true).compute(reference);
}

}  // namespace systole
