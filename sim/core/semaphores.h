#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "arch/counters.h"
#include "arch/isa/program.h"
#include "sim/core/wakeup.h"

namespace systole {

/// The counting semaphores of a program, all at zero when it starts.
///
/// Timing: a signal at cycle c lets an instruction that waits for it start at c; neither costs
/// cycles. Not modelled: the wires and counters that carry them.
class SemaphoreBank {
 public:
  explicit SemaphoreBank(const Program& program);

  /// Takes `use.count` away when the count allows it. Throws InternalError when `engine` is not the
  /// semaphore's waiter.
  [[nodiscard]] bool try_take(EngineId engine, const SemaphoreUse& use);
  /// Adds `use.count` and wakes the waiter. Throws InternalError when `engine` is not the
  /// semaphore's signaller.
  void signal(EngineId engine, const SemaphoreUse& use);
  /// Notified when a semaphore that `engine` waits for was signalled.
  [[nodiscard]] Wakeup& signalled(EngineId engine);

  [[nodiscard]] const Semaphore& semaphore(std::int32_t index) const;
  /// A reference, because waveforms follow the variable.
  [[nodiscard]] const std::int64_t& count(std::int32_t index) const;

 private:
  void check_index(std::int32_t index) const;

  struct Waiter {
    std::int32_t awaited = -1;  // -1: the engine waits for none
    Wakeup signalled;
  };
  [[nodiscard]] Waiter& waiter(EngineId engine) {
    return waiters_[program_.engines().index_of(engine)];
  }

  const Program& program_;
  std::vector<std::int64_t> counts_;
  std::deque<Waiter> waiters_;  // by stream
};

/// The cause that a wait for `semaphore` is charged to.
[[nodiscard]] Cause wait_cause(const Semaphore& semaphore);

}  // namespace systole
