#include "study/explore/samplers.h"

#include <algorithm>
#include <set>

#include "arch/diag/check.h"

namespace systole {

namespace {

/// SplitMix64 (Steele et al., 2014): the same numbers on every machine, unlike those of <random>.
class RandomNumbers {
 public:
  explicit RandomNumbers(std::uint64_t seed) : state_(seed) {}

  /// 0..count - 1, without the bias of a remainder.
  std::uint64_t below(std::uint64_t count) {
    const std::uint64_t fair = ~std::uint64_t{0} - ~std::uint64_t{0} % count;
    std::uint64_t number = next();
    while (number >= fair) {
      number = next();
    }
    return number % count;
  }

 private:
  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
    return mixed ^ (mixed >> 31U);
  }

  std::uint64_t state_;
};

std::vector<PointId> grid(const DesignSpace& space, std::int64_t most) {
  std::vector<PointId> points;
  const PointId size = space.size();
  for (PointId point = 0; point < size; ++point) {
    if (most > 0 && static_cast<std::int64_t>(points.size()) >= most) {
      break;
    }
    if (space.broken_condition(point).empty()) {
      points.push_back(point);
    }
  }
  return points;
}

/// Adds random points until there are `count`, or hardly any new ones are found.
void fill_up(const DesignSpace& space, std::int64_t count, RandomNumbers& random,
             std::vector<PointId>& points, std::set<PointId>& seen) {
  constexpr int kMostMisses = 100'000;
  const auto size = static_cast<std::uint64_t>(space.size());
  for (int misses = 0; static_cast<std::int64_t>(points.size()) < count && misses < kMostMisses;) {
    const auto point = static_cast<PointId>(random.below(size));
    if (space.broken_condition(point).empty() && seen.insert(point).second) {
      points.push_back(point);
      misses = 0;
    } else {
      ++misses;
    }
  }
}

std::vector<PointId> latin_hypercube(const DesignSpace& space, const SamplerSpec& sampler,
                                     RandomNumbers& random) {
  const auto count = static_cast<std::size_t>(sampler.points);
  std::vector<std::vector<std::size_t>> choices(count, std::vector<std::size_t>(space.axes.size()));
  for (std::size_t axis = 0; axis < space.axes.size(); ++axis) {
    std::vector<std::size_t> order(count);
    for (std::size_t i = 0; i < count; ++i) {  // Fisher and Yates, inside out
      const auto j = static_cast<std::size_t>(random.below(i + 1));
      order[i] = order[j];
      order[j] = i;
    }
    const std::size_t values = space.axes[axis].values.size();
    for (std::size_t i = 0; i < count; ++i) {
      choices[i][axis] = (2 * order[i] + 1) * values / (2 * count);  // the middle of the part
    }
  }
  std::vector<PointId> points;
  std::set<PointId> seen;
  for (const std::vector<std::size_t>& choice : choices) {
    const PointId point = space.id_of(choice);
    if (space.broken_condition(point).empty() && seen.insert(point).second) {
      points.push_back(point);
    }
  }
  fill_up(space, sampler.points, random, points, seen);
  return points;
}

}  // namespace

std::vector<PointId> sample(const DesignSpace& space, const SamplerSpec& sampler) {
  RandomNumbers random(sampler.seed);
  switch (sampler.kind) {
    case SamplerKind::Grid:
      return grid(space, sampler.points);
    case SamplerKind::Random: {
      std::vector<PointId> points;
      std::set<PointId> seen;
      fill_up(space, sampler.points, random, points, seen);
      return points;
    }
    case SamplerKind::LatinHypercube:
      return latin_hypercube(space, sampler, random);
    case SamplerKind::Nsga2:
    case SamplerKind::Maco:
      break;
  }
  SYSTOLE_CHECK(false, "{} needs results", name_of(sampler.kind));
  return {};
}

}  // namespace systole
