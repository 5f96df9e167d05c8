#pragma once

#include <functional>
#include <string>
#include <vector>

#include "study/space/design_space.h"
#include "study/store.h"

namespace systole {

/// How points get to a cluster.
struct SlurmJob {
  std::string program;    ///< the `systole` that the nodes run
  std::string study;      ///< the study's file
  std::string directory;  ///< for task files and results, seen by all nodes
  std::string options;    ///< for sbatch, with blanks between
  std::int64_t shard_points = 100;
  /// Told how many of how many tasks have delivered; may stay empty.
  std::function<void(std::int64_t delivered, std::int64_t tasks)> on_progress;
};

/// Runs points as array jobs of Slurm, a task a shard, and merges the results into the store as
/// they come. A task writes a store of its own under another name and renames it when it is whole,
/// so that an attempt that died, or one that goes on after its node was given up, changes nothing:
/// merging is idempotent. Requeued tasks run again (`--requeue`); shards that no task delivers are
/// submitted again, three times in all; what is missing then is left to the caller. Results that an
/// interrupted call left in the directory are merged first. Throws UserError where sbatch refuses.
void run_on_slurm(const SlurmJob& job, const std::vector<PointId>& points, StudyStore& store);

}  // namespace systole
