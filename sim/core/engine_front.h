#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/diag/error.h"
#include "sim/core/core_context.h"
#include "sim/core/instruction_queue.h"

namespace systole {

/// The cycles up to `until` went to `cause`.
struct Phase {
  Cause cause = Cause::Idle;
  CoreCycles until{0};
};

/// An instruction that its engine has taken from the queue, and what it has waited for since.
struct Issued {
  const Instruction* instruction = nullptr;
  std::int64_t index = 0;         // in its stream
  CoreCycles head{0};             // cycle in which the engine took it
  CoreCycles start{0};            // cycle in which it began to work
  std::optional<CoreCycles> end;  // cycle in which the engine was free, if before the completion
  std::vector<Phase> phases;
};

/// What an engine does at the moment, for waveforms; says nothing that the account does not.
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
  EngineFront(Engine engine, const CoreContext& context);

  [[nodiscard]] bool has_next() const { return next_ < stream_.size(); }
  /// Suspends until the sequencer has delivered the next instruction, then takes it. The reference
  /// is good until the next call. (Nothing that owns memory should live on the stack of a process
  /// while it waits: the kernel does not unwind the stacks of processes that never go on.)
  [[nodiscard]] Issued& take_next();
  /// Suspends until every semaphore of the instruction was there, in order, and takes them. Waiting
  /// before `drained` is charged to Drain, the rest to the semaphore's cause.
  void wait_for_semaphores(Issued& issued, CoreCycles drained = CoreCycles(0));
  /// Suspends on `event` until `is_ready()`, noting what for in case that it never comes.
  template <class Ready>
  void wait_for(WaitsFor what, const Issued& issued, const sc_core::sc_event& event,
                Ready is_ready) {
    while (!is_ready()) {
      waits_for_ = what;
      waiting_index_ = issued.index;
      show(cause_of(what));
      sc_core::wait(event);
    }
    show(Cause::Busy);
    waits_for_ = WaitsFor::Nothing;
  }

  /// The instruction begins to work now.
  void started(Issued& issued);
  /// Charges the instruction's phases; what is charged next is its work.
  void charge_phases(const Issued& issued);
  /// The engine is free for the next instruction now, before this one completes.
  void ended(Issued& issued);
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
  /// Adds the engine's variables to a waveform, below `core`.
  void trace(sc_core::sc_trace_file* file, const std::string& core) const;

 private:
  [[nodiscard]] Cause cause_of(WaitsFor what) const;
  void show(Cause state) { wave_.state = static_cast<unsigned int>(state); }
  void record(const Issued& issued);

  Engine engine_;
  const CoreContext& context_;
  const std::vector<Instruction>& stream_;
  InstructionQueue queue_;
  EngineAccount account_;
  Issued taken_;
  std::size_t next_ = 0;
  std::size_t completed_ = 0;
  WaitsFor waits_for_ = WaitsFor::Nothing;
  std::int64_t waiting_index_ = 0;
  SemaphoreUse awaited_;  // when waits_for_ is Semaphore
  EngineWave wave_;
  EngineTrace* trace_;  // null when nobody records
};

}  // namespace systole
