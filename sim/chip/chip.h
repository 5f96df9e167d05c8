#pragma once

#include <deque>
#include <string>

#include "sim/chip/core.h"

namespace systole {

/// All cores of a chip, and what they share but the DRAM, which is bound from outside.
class Chip {
 public:
  /// `data` is null in a run without data, `trace` in one that nobody records. All arguments
  /// outlive the chip. Throws InternalError when the program has an instruction that no core of
  /// this chip can execute.
  Chip(const ChipSpec& chip, const Program& program, const RunData* data,
       RunTrace* trace = nullptr);

  /// Binds all DMA engines to a memory's socket.
  template <class Target>
  void bind(Target& target) {
    for (Core& core : cores_) {
      core.bind(target);
    }
  }

  /// The memory is a DramMemory (DmaEngine::allow_trains).
  void allow_trains() {
    for (Core& core : cores_) {
      core.allow_trains();
    }
  }

  /// After the last event: the counters, without the memory's. Throws InternalError
  /// `deadlock at cycle C: ENGINE waits for ...; ...` when instructions are left.
  [[nodiscard]] Counters finish();

  /// The engines that have instructions left, and what each waits for: `ENGINE waits for ...; ...`.
  [[nodiscard]] std::string waiting() const;

  /// Before the simulation starts: adds the chip's variables to a waveform. docs/timeline.md has
  /// the list.
  void show_in(sc_core::sc_trace_file* file);

 private:
  SharedByCores shared_;
  std::deque<Core> cores_;
};

}  // namespace systole
