#pragma once

#include <functional>
#include <vector>

#include "study/explore/pareto.h"
#include "study/space/study_spec.h"

namespace systole {

/// Minimised objectives of each point, in order; each point is asked for once.
using PointsToObjectives = std::function<std::vector<Objectives>(const std::vector<PointId>&)>;

/// Looks for the front with an algorithm of pagmo (`nsga2`: Deb et al., 2002; `maco`: Acciarini et
/// al., 2020), a generation at a time, until `sampler.points` different points were asked for, or
/// no generation brings a new one any more. The algorithms see each axis as a number, its values
/// next to one another, and forget: who wants the front keeps every point that was asked for.
/// Points that the conditions forbid count as worse than any other, without being asked for.
/// Returns the points in the order in which they were asked for; the same for the same seed.
std::vector<PointId> search(const StudySpec& study, const PointsToObjectives& evaluate);

/// Volume that the points dominate up to `reference`, all objectives minimised; points beyond the
/// reference do not count.
[[nodiscard]] double hypervolume(const std::vector<Objectives>& points,
                                 const Objectives& reference);

}  // namespace systole
