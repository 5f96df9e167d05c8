#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "study/workers.h"

namespace systole {

/// What a worker may take; 0: as much as it likes.
struct WorkerLimits {
  std::int64_t memory_bytes = 0;  ///< of its address space, beyond what it starts with
  std::int64_t seconds = 0;       ///< from its start to its end
};

enum class WorkerEnd : std::uint8_t { Done, UserError, Time, Memory, Crash, Error };

/// A worker that has ended. `text` is what its job returned, or one line that says why it did not.
struct EndedWorker {
  std::size_t job = 0;
  WorkerEnd end = WorkerEnd::Done;
  std::string text;
};

/// Forked processes, a job each, because SystemC elaborates once in a process and because a job may
/// crash, hang or eat memory: that costs its job alone. Jobs come one by one, and their ends in the
/// order in which they happen. Workers die with their parent, whatever kills it. Jobs must not
/// print.
class WorkerPool {
 public:
  WorkerPool(std::size_t parallel, WorkerLimits limits);
  ~WorkerPool();  ///< ends those that still run
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  [[nodiscard]] bool has_room() const;
  [[nodiscard]] bool is_idle() const;
  /// Begins a job; there has to be room. `number` is told back at its end. False where the machine
  /// has no process or pipe left and others run: wait for one of these. Throws UserError where none
  /// runs: `systole: cannot start a process: REASON`.
  [[nodiscard]] bool start(std::size_t number, const WorkerJob& job);
  /// Waits for the next to end; there has to be one. Nothing where none does within `patience`.
  [[nodiscard]] std::optional<EndedWorker> wait(std::chrono::milliseconds patience);

 private:
  struct Workers;
  std::unique_ptr<Workers> workers_;
};

}  // namespace systole
