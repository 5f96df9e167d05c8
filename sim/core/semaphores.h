#pragma once

#include <array>
#include <cstdint>
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
  [[nodiscard]] bool try_take(Engine engine, const SemaphoreUse& use);
  /// Adds `use.count` and wakes the waiter. Throws InternalError when `engine` is not the
  /// semaphore's signaller.
  void signal(Engine engine, const SemaphoreUse& use);
  /// Notified when a semaphore that `engine` waits for was signalled.
  [[nodiscard]] Wakeup& signalled(Engine engine);

  [[nodiscard]] const Semaphore& semaphore(std::int32_t index) const;
  /// A reference, because waveforms follow the variable.
  [[nodiscard]] const std::int64_t& count(std::int32_t index) const;

 private:
  void check_index(std::int32_t index) const;

  const Program& program_;
  std::vector<std::int64_t> counts_;
  std::array<std::int32_t, kEngineCount> awaited_{};  // -1: the engine waits for none
  std::array<Wakeup, kEngineCount> signalled_;
};

/// The cause that a wait for `semaphore` is charged to.
[[nodiscard]] Cause wait_cause(const Semaphore& semaphore);

}  // namespace systole
