#include "study/explore/explore.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "arch/diag/error.h"
#include "study/evaluate.h"
#include "study/explore/judge.h"
#include "study/explore/samplers.h"
#include "study/explore/search.h"
#include "study/figures.h"

namespace systole {

namespace {

constexpr double kPenalty = 1e30;

std::string figures_json(const Result& result) {
  nlohmann::json json = nlohmann::json::object();
  for (const Figure& figure : figures_of(result)) {
    if (std::isfinite(figure.value)) {
      json[figure.key] = figure.value;
    }
  }
  return json.dump();
}

FigureMap figures_from(const std::string& text) {
  FigureMap figures;
  const nlohmann::json json = nlohmann::json::parse(text);
  for (const auto& [key, value] : json.items()) {
    figures.emplace(key, value.get<double>());
  }
  return figures;
}

RunEnd run_end(WorkerEnd end) {
  switch (end) {
    case WorkerEnd::Done:
      return RunEnd::Done;
    case WorkerEnd::UserError:
      return RunEnd::Infeasible;
    case WorkerEnd::Time:
      return RunEnd::Time;
    case WorkerEnd::Memory:
      return RunEnd::Memory;
    case WorkerEnd::Crash:
      return RunEnd::Crash;
    case WorkerEnd::Error:
      break;
  }
  return RunEnd::Error;
}

bool all_done(const std::vector<StoredRun>& runs) {
  return std::all_of(runs.begin(), runs.end(),
                     [](const StoredRun& run) { return run.end == RunEnd::Done; });
}

std::vector<FigureMap> figures_of_runs(const std::vector<StoredRun>& runs) {
  std::vector<FigureMap> figures;
  figures.reserve(runs.size());
  for (const StoredRun& run : runs) {
    figures.push_back(run.figures);
  }
  return figures;
}

}  // namespace

/// A point that may have to be run.
struct PointRunner::Candidate {
  PointId point = 0;
  Objectives least;  ///< empty where it is not known: then it is run
};

/// A point of which not every run has ended. A run that another point of the batch waits for too is
/// run twice at worst.
struct PointRunner::Pending {
  PointPlan plan;
  std::shared_ptr<const ChipSpec> chip;
  std::vector<StoredRun> runs;
  std::size_t next = 0;     ///< of the runs, to be started
  std::size_t running = 0;  ///< how many are
  bool over = false;        ///< its outcome is kept
};

PointRunner::PointRunner(const StudySpec& study, const ExploreOptions& options)
    : study_(study),
      options_(options),
      planner_(study, options.program),
      store_(options.store, StudyStore::Mode::Write),
      goal_(planner_.goal_hash()) {
  study_id_ = store_.add_study(planner_.study_key(), study.name, study.text);
}

void PointRunner::report() const {
  if (options_.on_progress) {
    options_.on_progress(progress_);
  }
}

bool PointRunner::counts_as_known(const StoredRun& run) const {
  return run.end == RunEnd::Done || run.end == RunEnd::Infeasible || !options_.retry;
}

void PointRunner::keep_point(const PointPlan& plan) {
  StoredPoint point{.point = plan.point,
                    .values = planner_.values_json(plan.point),
                    .runs = {},
                    .skipped = {},
                    .goal = {}};
  for (const PlannedRun& run : plan.runs) {
    point.runs.push_back(run.key);
  }
  store_.put(study_id_, {point});
}

void PointRunner::keep_skipped(PointId point, const std::string& why) {
  store_.put(study_id_, {{.point = point,
                          .values = planner_.values_json(point),
                          .runs = {},
                          .skipped = why,
                          .goal = goal_}});
  ++progress_.skipped;
  ++progress_.done;
}

/// Counts a point whose runs have all ended, and lets it join the front.
void PointRunner::count(const std::vector<StoredRun>& runs) {
  ++progress_.done;
  if (!all_done(runs)) {
    const bool infeasible = std::any_of(runs.begin(), runs.end(), [](const StoredRun& run) {
      return run.end == RunEnd::Infeasible;
    });
    ++(infeasible ? progress_.infeasible : progress_.failed);
    return;
  }
  const Judgement judgement = judge(study_, figures_of_runs(runs));
  if (!judgement.violation.empty()) {
    ++progress_.infeasible;
    return;
  }
  front_.add(minimised(study_, judgement.objectives));
  progress_.front = front_.points().size();
}

/// Takes what the store has, what bounds say at once, or makes a candidate of the point.
void PointRunner::add_candidate(PointId point, bool skip, std::vector<Candidate>& candidates) {
  const PointPlan plan = planner_.plan(point);
  std::vector<StoredRun> known;
  for (const PlannedRun& run : plan.runs) {
    const std::optional<StoredRun> stored = store_.run(run.key);
    if (!stored || !counts_as_known(*stored)) {
      break;
    }
    known.push_back(*stored);
    if (stored->end != RunEnd::Done) {
      break;
    }
  }
  const bool is_over = known.size() == plan.runs.size() || (!known.empty() && !all_done(known));
  if (is_over) {
    keep_point(plan);
    count(known);
    ++progress_.known;
    return;
  }
  Candidate candidate{.point = point, .least = {}};
  if (options_.pruning) {
    try {
      const std::vector<FigureBounds> bounds = planner_.bounds_of(plan);
      if (const std::string violation = certain_violation(study_, bounds); !violation.empty()) {
        keep_skipped(point, violation);
        return;
      }
      if (skip) {
        candidate.least = least_objectives(study_, bounds);
      }
    } catch (const UserError&) {
      candidate.least.clear();  // its run says why there is no such chip
    }
  }
  candidates.push_back(std::move(candidate));
}

namespace {

/// Best bounds first: the points that no bound of another dominates, again and again, then the
/// rest by the sum of their ranks.
template <class Candidate>
void order_by_promise(std::vector<Candidate>& candidates) {
  constexpr int kLayers = 8;
  const auto known = std::stable_partition(candidates.begin(), candidates.end(),
                                           [](const auto& each) { return each.least.empty(); });
  auto begin = known;
  for (int layer = 0; layer < kLayers && begin != candidates.end(); ++layer) {
    std::vector<Objectives> bounds;
    for (auto each = begin; each != candidates.end(); ++each) {
      bounds.push_back(each->least);
    }
    const std::vector<std::size_t> front = pareto_front(bounds);
    const std::set<std::size_t> chosen(front.begin(), front.end());
    std::vector<Candidate> first;
    std::vector<Candidate> rest;
    for (std::size_t index = 0; index < bounds.size(); ++index) {
      auto& each = *(begin + static_cast<std::ptrdiff_t>(index));
      (chosen.count(index) > 0 ? first : rest).push_back(std::move(each));
    }
    begin = std::move(rest.begin(), rest.end(), std::move(first.begin(), first.end(), begin));
    begin -= static_cast<std::ptrdiff_t>(rest.size());
  }
  std::vector<double> ranks(static_cast<std::size_t>(candidates.end() - begin), 0.0);
  const std::size_t objectives = begin == candidates.end() ? 0 : begin->least.size();
  std::vector<std::size_t> order(ranks.size());
  for (std::size_t objective = 0; objective < objectives; ++objective) {
    for (std::size_t i = 0; i < order.size(); ++i) {
      order[i] = i;
    }
    const auto least = [&](std::size_t index) {
      return (begin + static_cast<std::ptrdiff_t>(index))->least[objective];
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return least(a) < least(b); });
    double rank = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
      rank = i > 0 && least(order[i]) == least(order[i - 1]) ? rank : static_cast<double>(i);
      ranks[order[i]] += rank;
    }
  }
  std::map<PointId, double> rank_of;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    rank_of[(begin + static_cast<std::ptrdiff_t>(i))->point] = ranks[i];
  }
  std::stable_sort(begin, candidates.end(), [&](const Candidate& a, const Candidate& b) {
    return rank_of[a.point] < rank_of[b.point];
  });
}

}  // namespace

std::vector<PointRunner::Candidate> PointRunner::candidates(const std::vector<PointId>& points,
                                                            bool skip) {
  std::vector<Candidate> candidates;
  for (const PointId point : points) {
    add_candidate(point, skip, candidates);
    report();
  }
  if (skip && options_.pruning) {
    order_by_promise(candidates);
  }
  return candidates;
}

void PointRunner::run(const std::vector<PointId>& points, bool skip) {
  progress_.stage = options_.pruning && skip ? "bounding" : "looking up";
  std::vector<Candidate> candidates = this->candidates(points, skip);
  if (options_.elsewhere && !candidates.empty()) {
    progress_.stage = "running elsewhere";
    report();
    std::vector<PointId> ids;
    for (const Candidate& candidate : candidates) {
      ids.push_back(candidate.point);
    }
    options_.elsewhere(ids, store_);
    std::vector<Candidate> left;
    const std::int64_t from_before = progress_.known;
    for (const PointId id : ids) {
      add_candidate(id, skip, left);
    }
    progress_.known = from_before;
    candidates = std::move(left);
  }
  progress_.stage = "running";
  run_candidates(candidates);
  report();
}

void PointRunner::run_candidates(const std::vector<Candidate>& candidates) {
  constexpr std::chrono::milliseconds kPatience{100};
  WorkerPool pool(options_.jobs,
                  {.memory_bytes = study_.limits.memory_bytes, .seconds = study_.limits.seconds});
  pending_.clear();
  std::size_t next = 0;
  const auto has_run_to_start = [&] {
    return !pending_.empty() && !pending_.back().over &&
           pending_.back().next < pending_.back().plan.runs.size();
  };
  while (next < candidates.size() || has_run_to_start() || !pool.is_idle()) {
    while (pool.has_room() && (has_run_to_start() || next < candidates.size())) {
      if (has_run_to_start()) {
        if (!start_next_run(pool)) {
          break;  // the machine is full: one of those that run has to end first
        }
        continue;
      }
      const Candidate& candidate = candidates[next++];
      if (!candidate.least.empty() && front_.excludes(candidate.least)) {
        keep_skipped(candidate.point, std::string(kDominatedBounds));
      } else {
        begin(candidate);
      }
    }
    if (!pool.is_idle()) {
      if (const std::optional<EndedWorker> ended = pool.wait(kPatience)) {
        end_run(*ended);
      }
    }
    report();
  }
}

void PointRunner::begin(const Candidate& candidate) {
  Pending pending{.plan = planner_.plan(candidate.point), .chip = {}, .runs = {}};
  for (const PlannedRun& run : pending.plan.runs) {
    pending.runs.push_back(planner_.row_of(run));
  }
  pending_.push_back(std::move(pending));
  Pending& added = pending_.back();
  try {
    added.chip = std::make_shared<const ChipSpec>(planner_.chip_of(added.plan));
  } catch (const UserError& error) {
    for (StoredRun& run : added.runs) {
      run.end = RunEnd::Infeasible;
      run.reason = error.what();
    }
    finish_point(pending_.size() - 1);
  }
}

/// Of the last pending point: starts its next run, unless the store has it by now. False where the
/// machine has no room for it.
bool PointRunner::start_next_run(WorkerPool& pool) {
  const std::size_t index = pending_.size() - 1;
  Pending& pending = pending_[index];
  const std::size_t which = pending.next++;
  StoredRun& row = pending.runs[which];
  if (const std::optional<StoredRun> stored = store_.run(row.key);
      stored && counts_as_known(*stored)) {
    row = *stored;
    if (pending.next == pending.plan.runs.size() && pending.running == 0) {
      finish_point(index);
    }
    return true;
  }
  try {
    const std::shared_ptr<const Network> network =
        planner_.network_of(*pending.chip, pending.plan.runs[which]);
    const std::size_t number = index * study_.networks.size() + which;
    if (!pool.start(number, [chip = pending.chip, network] {
          return figures_json(evaluate(*chip, *network));
        })) {
      --pending.next;
      return false;
    }
    ++pending.running;
    ++progress_.runs;
  } catch (const WorkloadError& error) {
    row.end = RunEnd::Infeasible;
    row.reason = error.what();
    pending.next = pending.plan.runs.size();
    if (pending.running == 0) {
      finish_point(index);
    }
  }
  return true;
}

void PointRunner::end_run(const EndedWorker& ended) {
  const std::size_t index = ended.job / study_.networks.size();
  Pending& pending = pending_[index];
  StoredRun& row = pending.runs[ended.job % study_.networks.size()];
  row.end = run_end(ended.end);
  if (row.end == RunEnd::Done) {
    row.figures = figures_from(ended.text);
  } else {
    row.reason = ended.text;
    pending.next = pending.plan.runs.size();  // the others would change nothing
  }
  store_.put(row);
  --pending.running;
  if (pending.running == 0 && pending.next == pending.plan.runs.size()) {
    finish_point(index);
  }
}

void PointRunner::finish_point(std::size_t index) {
  Pending& pending = pending_[index];
  if (pending.over) {
    return;
  }
  pending.over = true;
  std::vector<StoredRun> ended;
  for (const StoredRun& run : pending.runs) {
    if (run.end != RunEnd::Done || !run.figures.empty()) {
      ended.push_back(run);
    }
    if (run.end == RunEnd::Infeasible) {
      store_.put(run);
    }
  }
  keep_point(pending.plan);
  count(ended);
  pending.chip.reset();
  pending.plan.chip.clear();
  pending.runs.clear();
}

std::vector<Objectives> PointRunner::results(const std::vector<PointId>& points) {
  std::vector<Objectives> results;
  for (const PointId point : points) {
    std::vector<StoredRun> runs;
    for (const PlannedRun& run : planner_.plan(point).runs) {
      if (const std::optional<StoredRun> stored = store_.run(run.key)) {
        runs.push_back(*stored);
      }
    }
    Objectives objectives(study_.objectives.size(), kPenalty);
    if (runs.size() == study_.networks.size() && all_done(runs)) {
      const Judgement judgement = judge(study_, figures_of_runs(runs));
      if (judgement.violation.empty()) {
        objectives = minimised(study_, judgement.objectives);
      }
    }
    results.push_back(std::move(objectives));
  }
  return results;
}

ExploreProgress explore(const StudySpec& study, const ExploreOptions& options) {
  PointRunner runner(study, options);
  runner.progress().stage = "choosing points";
  runner.report();
  const bool searches =
      study.sampler.kind == SamplerKind::Nsga2 || study.sampler.kind == SamplerKind::Maco;
  if (!options.choose_points || !searches) {
    const std::vector<PointId> points =
        options.choose_points ? sample(study.space, study.sampler) : options.points;
    runner.progress().points = static_cast<std::int64_t>(points.size());
    runner.run(points, true);
    return runner.progress();
  }
  runner.progress().points = study.sampler.points;
  search(study, [&](const std::vector<PointId>& points) {
    runner.run(points, false);
    return runner.results(points);
  });
  return runner.progress();
}

}  // namespace systole
