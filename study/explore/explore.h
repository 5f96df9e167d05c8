#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "study/explore/pareto.h"
#include "study/explore/point_plan.h"
#include "study/explore/worker_pool.h"
#include "study/space/study_spec.h"
#include "study/store.h"

namespace systole {

/// Where an exploration stands.
struct ExploreProgress {
  std::string stage;        ///< `bounding`, `running`, ...
  std::int64_t points = 0;  ///< in all, as far as is known
  std::int64_t done = 0;    ///< those with an outcome, the skipped ones too
  std::int64_t known = 0;   ///< of these, from the store
  std::int64_t skipped = 0;
  std::int64_t infeasible = 0;
  std::int64_t failed = 0;  ///< crash, time, memory, error
  std::int64_t runs = 0;    ///< simulated now
  std::size_t front = 0;
};

struct ExploreOptions {
  std::string store;    ///< a file
  std::string program;  ///< what simulates: part of every run's key
  std::size_t jobs = 1;
  bool pruning = true;
  bool retry = false;         ///< runs that ended by crash, time, memory or error again
  bool choose_points = true;  ///< by the study's sampler; else `points`
  std::vector<PointId> points;
  /// Called at least ten times a second while something runs; may stay empty.
  std::function<void(const ExploreProgress&)> on_progress;
  /// Runs points elsewhere and puts their runs into the store, as far as it can; what it leaves out
  /// is run here. May stay empty.
  std::function<void(const std::vector<PointId>&, StudyStore&)> elsewhere;
};

/// Explores a study: chooses points, skips those that are proven worse than one already run, runs
/// the others in workers, keeps everything in the store. What the store has is not run again, so
/// that an exploration that was killed goes on where it was. Throws UserError where the store
/// cannot be used.
///
/// Skipping never changes the front: a point is skipped where its bounds (bounds.h) are dominated
/// by a feasible point that was run, or break a constraint. Points with good bounds run first. The
/// searches (nsga2, maco) skip by constraints alone, since they learn from every point.
ExploreProgress explore(const StudySpec& study, const ExploreOptions& options);

/// Runs points of a study and keeps their outcomes; what explore() and the searches share.
class PointRunner {
 public:
  PointRunner(const StudySpec& study, const ExploreOptions& options);

  /// Runs all of them; with `skip` leaves out those that bounds exclude. The order of `points` is
  /// that of a list; which run first is decided here.
  void run(const std::vector<PointId>& points, bool skip);

  /// Minimised objectives of points that were run, in the order of `points`; of those that are not
  /// feasible or were left out a penalty worse than any that is (1e30, more per unit of violation).
  [[nodiscard]] std::vector<Objectives> results(const std::vector<PointId>& points);

  [[nodiscard]] const ExploreProgress& progress() const { return progress_; }
  [[nodiscard]] ExploreProgress& progress() { return progress_; }
  void report() const;

 private:
  struct Candidate;
  struct Pending;

  [[nodiscard]] std::vector<Candidate> candidates(const std::vector<PointId>& points, bool skip);
  void add_candidate(PointId point, bool skip, std::vector<Candidate>& candidates);
  void run_candidates(const std::vector<Candidate>& candidates);
  void begin(const Candidate& candidate);
  [[nodiscard]] bool start_next_run(WorkerPool& pool);
  void end_run(const EndedWorker& ended);
  void finish_point(std::size_t index);
  [[nodiscard]] bool counts_as_known(const StoredRun& run) const;
  void count(const std::vector<StoredRun>& runs);
  void keep_skipped(PointId point, const std::string& why);
  void keep_point(const PointPlan& plan);

  const StudySpec& study_;
  const ExploreOptions& options_;
  Planner planner_;
  StudyStore store_;
  std::int64_t study_id_ = 0;
  std::string goal_;
  Front front_;
  ExploreProgress progress_;
  std::vector<Pending> pending_;  ///< points of which runs are under way
};

}  // namespace systole
