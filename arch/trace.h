#pragma once

#include <cstdint>
#include <vector>

#include "arch/counters.h"
#include "arch/isa/instruction.h"
#include "arch/units/units.h"

namespace systole {

/// When one instruction was where; head <= start <= end <= completed.
struct InstructionTrace {
  CoreCycles head{0};       ///< its engine took it from the queue
  CoreCycles start{0};      ///< what it waited for was there: it began to work
  CoreCycles end{0};        ///< its engine could begin the work of the next one
  CoreCycles completed{0};  ///< its results were visible, its signals posted

  bool operator==(const InstructionTrace&) const = default;
};

/// The cycles begin .. end - 1 of an engine, which its account charged to `cause` for the sake of
/// an instruction: while it waited, or for its work. Never empty.
struct ChargedSpan {
  std::int64_t instruction = 0;  ///< index in the engine's stream
  CoreCycles begin{0};
  CoreCycles end{0};
  Cause cause = Cause::Idle;
  bool is_work = false;

  bool operator==(const ChargedSpan&) const = default;
};

/// The weight FIFO from cycle `at` on.
struct FifoLevel {
  CoreCycles at{0};
  std::int64_t held = 0;     ///< slots taken: tiles there, and tiles on their way from DRAM
  std::int64_t arrived = 0;  ///< tiles there that have not yet been shifted into the array

  bool operator==(const FifoLevel&) const = default;
};

struct EngineTrace {
  std::vector<InstructionTrace> instructions;  ///< by index in the stream
  /// In order of time and of instructions, without gap or overlap from cycle 0 on; what follows the
  /// last one is Idle. The sums by cause are those of EngineCounters.
  std::vector<ChargedSpan> spans;
  /// Of an engine that fetches weights: the FIFO that it fills, in order of time, at most one level
  /// a cycle; before the first: empty.
  std::vector<FifoLevel> fifo;

  bool operator==(const EngineTrace&) const = default;
};

/// Bytes that the DRAM's data buses carried, all channels together, in equal intervals of time:
/// sample i counts the bursts whose first beat was in i * width .. (i + 1) * width - 1. Whole
/// bursts, also where a request asked for a part of one.
struct DramTraffic {
  struct Sample {
    std::int64_t read_bytes = 0;
    std::int64_t write_bytes = 0;

    bool operator==(const Sample&) const = default;
  };
  Femtoseconds width{0};
  std::vector<Sample> samples;

  bool operator==(const DramTraffic&) const = default;
};

/// What happened when: the course of a run whose sums are Counters. Recorded on demand; the cycles
/// are the same with and without.
struct RunTrace {
  CoreCycles elapsed{0};
  PerEngine<EngineTrace> engines;
  DramTraffic dram;

  [[nodiscard]] EngineTrace& engine(EngineId which) { return engines[which]; }
  [[nodiscard]] const EngineTrace& engine(EngineId which) const { return engines[which]; }
  bool operator==(const RunTrace&) const = default;
};

}  // namespace systole
