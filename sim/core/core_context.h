#pragma once

#include <vector>

#include "arch/chip_spec.h"
#include "arch/isa/program.h"
#include "arch/trace.h"
#include "sim/core/accounts.h"
#include "sim/core/core_time.h"
#include "sim/core/semaphores.h"
#include "sim/memory/accumulators.h"
#include "sim/memory/buffer_level.h"
#include "sim/memory/byte_memory.h"
#include "sim/memory/memory_ports.h"
#include "sim/simulate.h"

namespace systole {

/// The memories of a data-carrying run. The unified buffer starts full of poison, not of zeros.
struct CoreMemories {
  CoreMemories(const ChipSpec& chip, const RunData& data);

  std::vector<std::int8_t> buffer_bytes;
  ByteMemory buffer;
  ByteMemory host;
  Accumulators accumulators;
  RunObserver* observer;  // may be null
};

class LinkTurn;

/// What the engines of one core share. `memories` is null in a run without data, `trace` in one
/// that nobody records, `buffer_level` in one without waveform.
struct CoreContext {
  const ChipSpec& chip;
  const Program& program;
  const CoreTime& time;
  SemaphoreBank& semaphores;
  BufferPorts& ports;
  std::vector<AccumulatorPorts*> accumulator_ports;  // by matrix unit
  Counters& counters;
  LayerAccount& layers;
  CoreMemories* memories = nullptr;
  RunTrace* trace = nullptr;
  BufferLevel* buffer_level = nullptr;
  std::uint16_t core = 0;
  LinkTurn* link = nullptr;  // null where no other core uses the host link

  /// Actions are counted by layer; LayerAccount adds them up at the end.
  [[nodiscard]] ActionCounters& actions_of(std::int32_t layer) const {
    return counters.layers[static_cast<std::size_t>(layer)].actions;
  }
};

}  // namespace systole
