#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/enum_names.h"
#include "study/explore/point_plan.h"
#include "study/space/study_spec.h"
#include "study/store.h"

namespace systole {

/// What became of a point.
enum class PointOutcome : std::uint8_t {
  Done,        ///< it meets every constraint
  Infeasible,  ///< it breaks one, or the network cannot run on it, or there is no such chip
  Skipped,     ///< its bounds say that it cannot join the front
  Time,
  Memory,
  Crash,
  Error,
};

template <>
inline constexpr auto kEnumNames<PointOutcome> = std::to_array<EnumName<PointOutcome>>({
    {PointOutcome::Done, "done"},
    {PointOutcome::Infeasible, "infeasible"},
    {PointOutcome::Skipped, "skipped"},
    {PointOutcome::Time, "time"},
    {PointOutcome::Memory, "memory"},
    {PointOutcome::Crash, "crash"},
    {PointOutcome::Error, "error"},
});

/// Ended for a reason of the run, not of the design.
[[nodiscard]] bool is_failure(PointOutcome outcome);

struct ViewedPoint {
  PointId point = 0;
  std::vector<std::string> values;  ///< one an axis
  PointOutcome outcome = PointOutcome::Done;
  std::string reason;              ///< where it is not done, in one line
  std::vector<double> objectives;  ///< as figures, in the study's order; where its runs are done
  bool on_front = false;
  std::vector<std::string> runs;  ///< keys in the store, one a network; none where skipped
};

/// Everything that a store knows about a study: what `show`, `export` and a page are made of.
/// Points in order of their numbers. Equal results give an equal view, whoever ran them and in
/// which order.
struct StudyView {
  const StudySpec* study = nullptr;
  std::vector<ViewedPoint> points;
  std::vector<std::size_t> front;  ///< indices into `points`, in order of the first objective
  std::array<std::int64_t, kEnumNames<PointOutcome>.size()> counts{};
  /// How much of the variance of an objective an axis alone explains, 0..1, over the points that
  /// are done: importance[objective][axis].
  std::vector<std::vector<double>> importance;

  [[nodiscard]] std::int64_t count(PointOutcome outcome) const {
    return counts[static_cast<std::size_t>(outcome)];
  }
  /// The point of that number; null where the store has none.
  [[nodiscard]] const ViewedPoint* find(PointId point) const;
  /// Index of the point that is best at an objective; none where no point is done.
  [[nodiscard]] std::optional<std::size_t> best(std::size_t objective) const;
};

/// `program` as explore() had it; where the store has the study of another program alone, that one.
/// Throws UserError where it has none: `FILE: expected results of study NAME, got none; ...`.
[[nodiscard]] StudyView view_study(const StudySpec& study, const StudyStore& store,
                                   const std::string& program);

/// Figures of a point's runs by key, those of several networks as NETWORK.key.
[[nodiscard]] FigureMap figures_of_point(const StudySpec& study, const StudyStore& store,
                                         const ViewedPoint& point);

}  // namespace systole
