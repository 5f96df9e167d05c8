#pragma once

#include <functional>
#include <string>
#include <vector>

namespace systole {

/// What a worker process left: its text, or why there is none, in one line.
struct WorkerOutcome {
  std::string text;
  std::string error;
};

using WorkerJob = std::function<std::string()>;

/// Runs each job in a forked process of its own, at most `parallel` at a time, because SystemC
/// elaborates once in a process; outcomes in the order of the jobs. A job that throws costs its
/// outcome alone: a UserError keeps its message, any other exception is called an internal error.
/// A process that ends by a signal is said so. Jobs must not print. Standard output and error stay
/// those of the caller. Where the system has no process or pipe left, those that run are waited
/// for; where none runs, throws UserError `systole: cannot start a process: REASON`. A process ends
/// when the caller does, whatever ends it.
[[nodiscard]] std::vector<WorkerOutcome> run_in_workers(const std::vector<WorkerJob>& jobs,
                                                        std::size_t parallel);

}  // namespace systole
