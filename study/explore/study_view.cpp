#include "study/explore/study_view.h"

#include <algorithm>

#include <fmt/format.h>

#include "arch/diag/error.h"
#include "study/explore/judge.h"
#include "study/explore/pareto.h"

namespace systole {

namespace {

PointOutcome outcome_of(RunEnd end) {
  switch (end) {
    case RunEnd::Done:
      return PointOutcome::Done;
    case RunEnd::Infeasible:
      return PointOutcome::Infeasible;
    case RunEnd::Time:
      return PointOutcome::Time;
    case RunEnd::Memory:
      return PointOutcome::Memory;
    case RunEnd::Crash:
      return PointOutcome::Crash;
    case RunEnd::Error:
      break;
  }
  return PointOutcome::Error;
}

std::vector<std::string> values_of(const DesignSpace& space, PointId point) {
  const std::vector<std::size_t> choices = space.choices_of(point);
  std::vector<std::string> values;
  for (std::size_t axis = 0; axis < choices.size(); ++axis) {
    values.push_back(space.axes[axis].values[choices[axis]].text);
  }
  return values;
}

/// The point, unless a run that it needs is missing (the process was killed in between).
std::optional<ViewedPoint> viewed(const StudySpec& study, const StudyStore& store,
                                  const StoredPoint& stored) {
  ViewedPoint point{.point = stored.point,
                    .values = values_of(study.space, stored.point),
                    .outcome = stored.skipped == kDominatedBounds ? PointOutcome::Skipped
                                                                  : PointOutcome::Infeasible,
                    .reason = stored.skipped,
                    .objectives = {},
                    .runs = stored.runs};
  if (!stored.skipped.empty()) {
    return point;
  }
  std::vector<FigureMap> figures;
  for (const std::string& key : stored.runs) {
    const std::optional<StoredRun> run = store.run(key);
    if (run && run->end != RunEnd::Done) {
      point.outcome = outcome_of(run->end);
      point.reason = run->reason;
      return point;
    }
    if (run) {
      figures.push_back(run->figures);
    }
  }
  if (figures.size() != study.networks.size()) {
    return std::nullopt;
  }
  Judgement judgement = judge(study, figures);
  point.outcome = judgement.violation.empty() ? PointOutcome::Done : PointOutcome::Infeasible;
  point.reason = std::move(judgement.violation);
  point.objectives = std::move(judgement.objectives);
  return point;
}

void find_front(StudyView& view) {
  std::vector<std::size_t> done;
  std::vector<Objectives> objectives;
  for (std::size_t index = 0; index < view.points.size(); ++index) {
    if (view.points[index].outcome == PointOutcome::Done) {
      done.push_back(index);
      objectives.push_back(minimised(*view.study, view.points[index].objectives));
    }
  }
  std::vector<std::size_t> front = pareto_front(objectives);
  std::sort(front.begin(), front.end(), [&](std::size_t a, std::size_t b) {
    return objectives[a] != objectives[b] ? objectives[a] < objectives[b] : a < b;
  });
  for (const std::size_t index : front) {
    view.front.push_back(done[index]);
    view.points[done[index]].on_front = true;
  }
  for (std::size_t objective = 0; objective < view.study->objectives.size(); ++objective) {
    std::vector<double> values;
    for (const std::size_t index : done) {
      values.push_back(view.points[index].objectives[objective]);
    }
    std::vector<double> shares;
    for (std::size_t axis = 0; axis < view.study->space.axes.size(); ++axis) {
      std::vector<std::size_t> levels;
      for (const std::size_t index : done) {
        levels.push_back(view.study->space.choices_of(view.points[index].point)[axis]);
      }
      shares.push_back(explained_share(levels, values));
    }
    view.importance.push_back(std::move(shares));
  }
}

}  // namespace

bool is_failure(PointOutcome outcome) {
  return outcome == PointOutcome::Time || outcome == PointOutcome::Memory ||
         outcome == PointOutcome::Crash || outcome == PointOutcome::Error;
}

const ViewedPoint* StudyView::find(PointId point) const {
  const auto found =
      std::lower_bound(points.begin(), points.end(), point,
                       [](const ViewedPoint& each, PointId id) { return each.point < id; });
  return found != points.end() && found->point == point ? &*found : nullptr;
}

std::optional<std::size_t> StudyView::best(std::size_t objective) const {
  std::optional<std::size_t> best;
  const double sign = study->objectives[objective].maximise ? -1.0 : 1.0;
  for (const std::size_t index : front) {
    if (!best ||
        sign * points[index].objectives[objective] < sign * points[*best].objectives[objective]) {
      best = index;
    }
  }
  return best;
}

StudyView view_study(const StudySpec& study, const StudyStore& store, const std::string& program) {
  Planner planner(study, program);
  std::optional<std::int64_t> id = store.study(planner.study_key());
  if (!id) {
    id = store.latest_study(planner.space_hash());
  }
  if (!id) {
    throw UserError(fmt::format(
        "{}: expected results of study {} in the store, got none; 'systole study run' makes them",
        study.file, study.name));
  }
  const std::string goal = planner.goal_hash();
  const PointId size = study.space.size();
  StudyView view{.study = &study, .points = {}, .front = {}, .importance = {}};
  for (const StoredPoint& stored : store.points(*id)) {
    const bool for_another_goal = !stored.skipped.empty() && stored.goal != goal;
    if (stored.point < 0 || stored.point >= size || for_another_goal) {
      continue;
    }
    if (std::optional<ViewedPoint> point = viewed(study, store, stored)) {
      ++view.counts[static_cast<std::size_t>(point->outcome)];
      view.points.push_back(std::move(*point));
    }
  }
  find_front(view);
  return view;
}

FigureMap figures_of_point(const StudySpec& study, const StudyStore& store,
                           const ViewedPoint& point) {
  FigureMap all;
  for (std::size_t network = 0; network < point.runs.size(); ++network) {
    const std::optional<StoredRun> run = store.run(point.runs[network]);
    if (!run) {
      continue;
    }
    const std::string prefix =
        study.networks.size() > 1 ? study.networks[network].name + "." : std::string();
    for (const auto& [key, value] : run->figures) {
      all[prefix + key] = value;
    }
  }
  return all;
}

}  // namespace systole
