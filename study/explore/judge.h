#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "study/explore/bounds.h"
#include "study/explore/pareto.h"
#include "study/space/study_spec.h"
#include "study/store.h"

namespace systole {

/// What the figures of a point's runs mean for a study.
struct Judgement {
  std::string violation;  ///< the constraint that does not hold, with its figures; else empty
  std::vector<double> objectives;  ///< as figures, in the study's order
};

/// Of the runs of one point, in the order of the study's networks, all of them done.
[[nodiscard]] Judgement judge(const StudySpec& study, const std::vector<FigureMap>& runs);

/// Figures of objectives as something to be minimised: signs turned where more is better.
[[nodiscard]] Objectives minimised(const StudySpec& study, const std::vector<double>& objectives);

/// The least that a point can have: each of the minimised objectives at its bound, minus infinity
/// where there is none.
[[nodiscard]] Objectives least_objectives(const StudySpec& study,
                                          const std::vector<FigureBounds>& runs);

/// Why a point was skipped that breaks no constraint.
inline constexpr std::string_view kDominatedBounds =
    "its bounds are dominated by a point of the front";

/// A constraint that no run of the point can meet: `area < 50 mm2: area is 61.2 before any run`.
/// Empty where none is certain. Certain are formulas over exact figures, and `FIGURE < LIMIT`
/// beyond a bound.
[[nodiscard]] std::string certain_violation(const StudySpec& study,
                                            const std::vector<FigureBounds>& runs);

}  // namespace systole
