#pragma once

#include <cstdint>
#include <vector>

#include "study/space/study_spec.h"

namespace systole {

/// The points of a sampler that needs no results: grid, random, latin_hypercube. Only points that
/// the conditions allow, each once; the same for the same seed on every machine.
///  - grid: all of them, or the first `points`;
///  - random: `points` of them, each as likely as any other; fewer where so many are not found;
///  - latin_hypercube: each axis is cut into `points` equal parts, each part is used once, the
///    order of each axis is random (McKay et al., 1979). What the conditions forbid, or what falls
///    on a point that is there already, is made up for by random points.
[[nodiscard]] std::vector<PointId> sample(const DesignSpace& space, const SamplerSpec& sampler);

}  // namespace systole
