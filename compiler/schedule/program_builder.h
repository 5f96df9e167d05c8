#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "arch/isa/program.h"
#include "compiler/schedule/access_history.h"
#include "compiler/schedule/accesses.h"

namespace systole {

/// Collects instructions in program order and makes the streams safe: where an instruction
/// conflicts with an earlier one of another engine (one of the two writes what the other touches),
/// the earlier signals and the later waits. Only the latest conflicting instruction of each engine
/// is waited for, and only if a previous wait of the same engine has not covered it: streams are in
/// order and instructions complete in order, so the rest follows.
///
/// Unified buffer and accumulators are memories of a core: engines of two cores conflict in DRAM
/// and host memory alone.
///
/// Deadlock-free by construction: every wait points backwards in program order.
class ProgramBuilder {
 public:
  explicit ProgramBuilder(Program program);

  /// The core whose instructions follow; engines that `append` is given are its own.
  void set_core(std::uint16_t core) { core_ = core; }

  void append(EngineId engine, std::int32_t layer, Operation operation);

  /// A builder of instructions that are yet to be put in order with others: with the tables of this
  /// one's program, and without its instructions.
  [[nodiscard]] ProgramBuilder aside() const;

  /// The program so far; the builder is used up, and forgets what instructions touch.
  [[nodiscard]] Program finish() && {
    history_ = PerEngine<AccessHistory>(EngineSet(), AccessHistory(0));
    return std::move(program_);
  }

  [[nodiscard]] Program& program() { return program_; }

 private:
  struct Dependency {
    std::size_t entry = 0;  ///< in the history of the engine waited for
    SemaphoreKind kind = SemaphoreKind::Data;
  };

  /// An instruction that is appended: what it touches, and its lists in its engine's history.
  struct Appended {
    Touched reads;
    Touched writes;
    std::uint32_t reads_number = 0;
    std::uint32_t writes_number = 0;
  };
  [[nodiscard]] std::vector<SemaphoreUse> waits_of(std::size_t engine, const Appended& appended);
  /// Behind the entries of the other engine's history that this one has waited for.
  [[nodiscard]] std::optional<Dependency> latest_conflict(std::size_t engine, std::size_t other,
                                                          const Appended& appended);
  [[nodiscard]] std::int32_t semaphore(EngineId from, EngineId to, SemaphoreKind kind);

  Program program_;
  std::vector<EngineId> engines_;
  Accesses accesses_;  ///< of the instruction that is appended
  RecentLoops loops_;
  std::uint16_t core_ = 0;
  PerEngine<AccessHistory> history_;
  /// covered_[to][from]: entries of the history of `from` that `to` has waited for.
  PerEngine<PerEngine<std::size_t>> covered_;
  std::map<std::tuple<EngineId, EngineId, SemaphoreKind>, std::int32_t> semaphores_;
};

}  // namespace systole
