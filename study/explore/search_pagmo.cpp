#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

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

#include "study/explore/search_library.h"

namespace systole {

namespace {

/// The study as pagmo's problem: integer variables, evaluated by generations.
struct StudyProblem {
  const SearchTask* task = nullptr;  ///< copies share it

  [[nodiscard]] pagmo::vector_double fitness(const pagmo::vector_double& vector) const {
    return task->results(vector).front();
  }
  [[nodiscard]] pagmo::vector_double batch_fitness(const pagmo::vector_double& vectors) const {
    pagmo::vector_double all;
    for (const std::vector<double>& objectives : task->results(vectors)) {
      all.insert(all.end(), objectives.begin(), objectives.end());
    }
    return all;
  }
  [[nodiscard]] bool has_batch_fitness() const { return true; }
  [[nodiscard]] std::pair<pagmo::vector_double, pagmo::vector_double> get_bounds() const {
    return {pagmo::vector_double(task->most.size(), 0.0), task->most};
  }
  [[nodiscard]] pagmo::vector_double::size_type get_nobj() const { return task->objectives; }
  [[nodiscard]] pagmo::vector_double::size_type get_nix() const { return task->most.size(); }

  template <class Stream>
  void serialize(Stream& /*stream*/, unsigned /*version*/) {}
};

pagmo::algorithm algorithm_of(const SearchTask& task) {
  const pagmo::bfe batches{pagmo::member_bfe{}};
  if (task.is_maco) {
    constexpr unsigned kKernel = 63;
    pagmo::maco algorithm(1U, std::min<unsigned>(kKernel, static_cast<unsigned>(task.population)),
                          1.0, 1U, 7U, 10000U, 0.0, true, task.seed);
    algorithm.set_bfe(batches);
    return pagmo::algorithm(algorithm);
  }
  // One gene in `axes` mutates on average: pagmo's default of 1 % suits long vectors of reals.
  pagmo::nsga2 algorithm(1U, 0.95, 10.0, 0.25, 5.0, task.seed);
  algorithm.set_bfe(batches);
  return pagmo::algorithm(algorithm);
}

void search(const SearchTask& task) {
  constexpr int kMostIdleGenerations = 50;
  const pagmo::problem problem{StudyProblem{&task}};
  const auto size = static_cast<pagmo::population::size_type>(task.population);
  pagmo::population population(problem, pagmo::bfe{pagmo::member_bfe{}}, size, task.seed);
  // One algorithm for all generations, so that its random numbers go on and MACO keeps its memory.
  pagmo::algorithm algorithm = algorithm_of(task);
  for (int idle = 0; idle < kMostIdleGenerations && !task.is_full();) {
    const std::size_t before = task.asked();
    population = algorithm.evolve(population);
    idle = task.asked() == before ? idle + 1 : 0;
  }
}

double hypervolume(const std::vector<std::vector<double>>& points,
                   const std::vector<double>& reference) {
  return pagmo::hypervolume(points, true).compute(reference);
}

}  // namespace

}  // namespace systole

extern "C" systole::SearchLibrary systole_search_library() {
  return {systole::search, systole::hypervolume};
}
