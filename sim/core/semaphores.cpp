#include "sim/core/semaphores.h"

#include "arch/diag/check.h"

namespace systole {

SemaphoreBank::SemaphoreBank(const Program& program)
    : program_(program),
      counts_(program.semaphores.size(), 0),
      waiters_(program.engines().size()) {}

bool SemaphoreBank::try_take(EngineId engine, const SemaphoreUse& use) {
  check_index(use.semaphore);
  SYSTOLE_CHECK(semaphore(use.semaphore).to == engine, "semaphore {} is for {}, not {}",
                use.semaphore, name_of(semaphore(use.semaphore).to), name_of(engine));
  auto& count = counts_[static_cast<std::size_t>(use.semaphore)];
  auto& awaited = waiter(engine).awaited;
  if (count < use.count) {
    awaited = use.semaphore;
    return false;
  }
  count -= use.count;
  awaited = -1;
  return true;
}

void SemaphoreBank::signal(EngineId engine, const SemaphoreUse& use) {
  check_index(use.semaphore);
  const Semaphore& which = semaphore(use.semaphore);
  SYSTOLE_CHECK(which.from == engine, "semaphore {} is from {}, not {}", use.semaphore,
                name_of(which.from), name_of(engine));
  counts_[static_cast<std::size_t>(use.semaphore)] += use.count;
  Waiter& waiting = waiter(which.to);
  if (waiting.awaited == use.semaphore) {
    waiting.signalled.notify();
  }
}

Wakeup& SemaphoreBank::signalled(EngineId engine) {
  return waiter(engine).signalled;
}

const Semaphore& SemaphoreBank::semaphore(std::int32_t index) const {
  return program_.semaphores[static_cast<std::size_t>(index)];
}

const std::int64_t& SemaphoreBank::count(std::int32_t index) const {
  return counts_[static_cast<std::size_t>(index)];
}

void SemaphoreBank::check_index(std::int32_t index) const {
  SYSTOLE_CHECK(index >= 0 && static_cast<std::size_t>(index) < counts_.size(),
                "semaphore {} of {}", index, counts_.size());
}

Cause wait_cause(const Semaphore& semaphore) {
  if (semaphore.kind == SemaphoreKind::Space) {
    return Cause::WaitSpace;
  }
  switch (semaphore.from.kind) {
    case EngineKind::Host:
      return Cause::WaitHost;
    case EngineKind::DmaIn:
    case EngineKind::DmaOut:
    case EngineKind::Weights:
      return Cause::WaitDma;
    case EngineKind::Matrix:
      return Cause::WaitMatrix;
    case EngineKind::Vector:
      return Cause::WaitVector;
  }
  return Cause::Idle;
}

}  // namespace systole
