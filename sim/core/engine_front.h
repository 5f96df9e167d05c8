#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/diag/error.h"
#include "sim/core/core_context.h"
#include "sim/core/instruction_queue.h"

namespace systole {

/// The cycles up to `until` went to `cause`.
struct Stretch {
  Cause cause = Cause::Idle;
  CoreCycles until{0};
};

/// An instruction that its engine has taken from the queue, and what it has waited for since.
struct Issued {
  const Instruction* instruction = nullptr;
  std::int64_t index = 0;  // in its stream
  CoreCycles head{0};      // cycle in which the engine took it
  std::vector<Stretch> phases;
};

/// What an engine may wait for without end when a program is wrong.
enum class WaitsFor : std::uint8_t { Nothing, Semaphore, FreeTile, Tile, Memory };

/// What all engines have in common: the in-order stream with its queue, waiting for semaphores,
/// signalling at completion, the account. A part of an engine's module, used by its processes.
class EngineFront {
 public:
  EngineFront(Engine engine, const CoreContext& context);

  [[nodiscard]] bool has_next() const { return next_ < stream_.size(); }
  /// Suspends until the sequencer has delivered the next instruction, then takes it. The reference
  /// is good until the next call. (Nothing that owns memory should live on the stack of a process
  /// while it waits: the kernel does not unwind the stacks of processes that never go on.)
  [[nodiscard]] Issued& take_next();
  /// Suspends until every semaphore of the instruction was there, in order, and takes them.
  void wait_for_semaphores(Issued& issued);
  /// Suspends on `event` until `is_ready()`, noting what for in case that it never comes.
  template <class Ready>
  void wait_for(WaitsFor what, const Issued& issued, const sc_core::sc_event& event,
                Ready is_ready) {
    Waiting& waiting = waiting_[static_cast<std::size_t>(issued.index) % waiting_.size()];
    while (!is_ready()) {
      waiting.what = what;
      waiting.index = issued.index;
      sc_core::wait(event);
    }
    waiting.what = WaitsFor::Nothing;
  }

  /// Charges the instruction's phases; the work that follows is charged by the engine. Waiting for
  /// semaphores before `drained` is charged to Drain.
  void charge_phases(const Issued& issued, CoreCycles drained = CoreCycles(0));
  /// The instruction has completed now: posts its signals and counts it.
  void complete(const Issued& issued);

  /// Runs `work`, which touches memories, and puts engine and instruction in front of what the
  /// InternalErrors it throws say.
  template <class Work>
  void at_place_of(const Issued& issued, Work work) const {
    try {
      work();
    } catch (const InternalError& error) {
      fail(issued, error.what());
    }
  }
  [[noreturn]] void fail(const Issued& issued, const std::string& message) const;

  /// Why the engine has instructions left although nothing happens any more; empty when it has not.
  [[nodiscard]] std::optional<std::string> stuck() const;

  [[nodiscard]] EngineAccount& account() { return account_; }
  [[nodiscard]] Engine engine() const { return engine_; }

 private:
  Engine engine_;
  const CoreContext& context_;
  const std::vector<Instruction>& stream_;
  InstructionQueue queue_;
  EngineAccount account_;
  Issued taken_;
  std::size_t next_ = 0;
  std::size_t completed_ = 0;
  struct Waiting {
    WaitsFor what = WaitsFor::Nothing;
    std::int64_t index = 0;
    SemaphoreUse awaited;  // when `what` is Semaphore
  };
  std::array<Waiting, 2> waiting_;  // an engine prepares one instruction while it executes another
};

}  // namespace systole
