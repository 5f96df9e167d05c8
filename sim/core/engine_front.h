#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/diag/error.h"
#include "sim/core/core_context.h"
#include "sim/core/instruction_queue.h"
#include "sim/core/wakeup.h"

namespace systole {

/// The cycles up to `until` went to `cause`.
struct Stretch {
  Cause cause = Cause::Idle;
  CoreCycles until{0};
};

/// An instruction that its engine has taken from the queue.
struct Taken {
  StreamInstruction instruction;
  std::int64_t index = 0;         // in its stream
  CoreCycles head{0};             // cycle in which the engine took it
  CoreCycles start{0};            // cycle in which it began to work
  std::optional<CoreCycles> end;  // cycle in which the engine was free, if before the completion
};

/// The same until it works, with what it has waited for.
struct Issued : Taken {
  std::vector<Stretch> phases;
};

/// What an engine does at the moment, for waveforms; says nothing that the account does not.
/// Follows from what is so at the end of a moment, in whatever order the processes of that moment
/// said it.
struct EngineWave {
  unsigned int state = static_cast<unsigned int>(Cause::Idle);  // a Cause
  std::int64_t instruction = 0;                                 // taken last: its index
  std::int32_t layer = 0;                                       // of that instruction
  std::int64_t in_flight = 0;  // instructions that have begun to work and not completed
};

/// What an engine may wait for without end when a program is wrong.
enum class WaitsFor : std::uint8_t { Nothing, Semaphore, FreeTile, Tile, Memory };

/// What all engines have in common: the in-order stream with its queue, waiting for semaphores,
/// signalling at completion, the account. A part of an engine's module, used by its processes.
class EngineFront {
 public:
  /// `prepares_ahead`: waits for one instruction while it executes the one before.
  EngineFront(EngineId engine, const CoreContext& context, bool prepares_ahead = false);

  [[nodiscard]] bool has_next() const { return next_ < stream_.size(); }
  /// Suspends until the sequencer has delivered the next instruction, then takes it. The reference
  /// is good until the next call. (Nothing that owns memory should live on the stack of a process
  /// while it waits: the kernel does not unwind the stacks of processes that never go on.)
  [[nodiscard]] Issued& take_next();
  /// Suspends until every semaphore of the instruction was there, in order, and takes them.
  void wait_for_semaphores(Issued& issued);
  /// Suspends on `wakeup` until `is_ready()`, noting what for in case that it never comes. `shown`
  /// is what waveforms show meanwhile.
  template <class Ready>
  void wait_for(WaitsFor what, Cause shown, const Issued& issued, Wakeup& wakeup, Ready is_ready) {
    Waiting& waiting = waiting_[static_cast<std::size_t>(issued.index) % waiting_.size()];
    while (!is_ready()) {
      waiting.what = what;
      waiting.index = issued.index;
      show_head(shown);
      wakeup.wait();
    }
    show_head(Cause::Busy);
    waiting.what = WaitsFor::Nothing;
  }

  /// The instruction begins to work now.
  void started(Issued& issued);
  /// Charges the instruction's phases; what is charged next is its work. Waiting for semaphores
  /// before `drained` is charged to Drain.
  void charge_phases(const Issued& issued, CoreCycles drained = CoreCycles(0));
  /// The engine is free for the next instruction now, before this one completes.
  void ended(Issued& issued);
  /// The instruction has completed now: posts its signals and counts it.
  void complete(const Taken& taken);

  /// Runs `work`, which touches memories, and puts engine and instruction in front of what the
  /// InternalErrors it throws say.
  template <class Work>
  void at_place_of(const Taken& taken, Work work) const {
    try {
      work();
    } catch (const InternalError& error) {
      fail(taken, error.what());
    }
  }
  [[noreturn]] void fail(const Taken& taken, const std::string& message) const;

  /// What the engine's waveform shows from now on: while it gets the instruction at its head ready
  /// to work, or while it works. Work hides the head of an engine that prepares ahead. A head that
  /// waits for semaphores shows as Drain while results of the matrix unit are on their way.
  void show_head(Cause state) {
    head_state_ = state;
    if (!prepares_ahead_) {
      work_state_.reset();
    }
    update_wave();
  }
  void show_work(Cause state) {
    work_state_ = state;
    update_wave();
  }

  /// Why the engine has instructions left although nothing happens any more; empty when it has not.
  [[nodiscard]] std::optional<std::string> stuck() const;

  [[nodiscard]] EngineAccount& account() { return account_; }
  [[nodiscard]] EngineId engine() const { return engine_; }
  /// Adds the engine's variables to a waveform, below `core`.
  void trace(sc_core::sc_trace_file* file, const std::string& core);

 private:
  struct Waiting {
    WaitsFor what = WaitsFor::Nothing;
    std::int64_t index = 0;
    SemaphoreUse awaited;  // when `what` is Semaphore
  };
  void update_wave() {
    if (has_wave_) {
      wave_.state = static_cast<unsigned int>(shown_state());
    }
  }
  [[nodiscard]] Cause shown_state() const;
  void record(const Taken& taken);

  EngineId engine_;
  bool prepares_ahead_;
  const CoreContext& context_;
  const Stream& stream_;
  InstructionQueue queue_;
  EngineAccount account_;
  Issued taken_;
  std::size_t next_ = 0;
  std::size_t completed_ = 0;
  std::array<Waiting, 2> waiting_;  // an engine prepares one instruction while it executes another
  Cause head_state_ = Cause::Idle;
  std::optional<Cause> work_state_;
  EngineWave wave_;
  bool has_wave_ = false;  // somebody looks at `wave_`
  EngineTrace* trace_;     // null when nobody records
};

}  // namespace systole
