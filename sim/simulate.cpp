#include "sim/simulate.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "arch/diag/error.h"
#include "sim/chip/chip.h"
#include "sim/chip/kernel.h"
#include "sim/chip/wave_file.h"
#include "sim/dram/dram_memory.h"
#include "sim/dram/traffic_sampler.h"
#include "sim/simulated_time.h"

namespace systole {

Counters simulate(const ChipSpec& chip, const Program& program, const RunData* data,
                  const RunRecording& recording) {
  prepare_kernel();
  RunTrace* const trace = recording.trace;
  TrafficSampler traffic(chip.dram);
  DramCommandObserver observer;
  if (trace != nullptr) {
    observer = [&traffic](const DramCommand& command) { traffic.add(command); };
  }
  // Nothing that an engine may have under way waits outside the channels' queues.
  DramMemory dram("dram", chip.dram, data == nullptr ? nullptr : data->dram, observer,
                  std::max(DramSystem::kQueueDepth, chip.dma.outstanding));
  Chip cores(chip, program, data, trace);
  cores.bind(dram.socket);
  cores.allow_trains();
  std::optional<WaveFile> waveform;
  if (!recording.waveform.empty()) {
    waveform.emplace(recording.waveform);
    cores.show_in(waveform->kernel_file());
  }
  try {
    run_kernel(chip.clock());
  } catch (const UserError& error) {
    if (error.what() == kTimeIsOver) {
      throw;  // nobody waits in vain
    }
    throw UserError(fmt::format("{}; {}", error.what(), cores.waiting()));
  }
  Counters counters = cores.finish();
  counters.dram = dram.counters();
  if (trace != nullptr) {
    trace->dram = traffic.traffic();
  }
  if (waveform) {
    const auto cycle = static_cast<sc_dt::uint64>(chip.clock().period().count());
    waveform->finish(sc_core::sc_time::from_value(cycle));
  }
  return counters;
}

}  // namespace systole
