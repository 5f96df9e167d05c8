#include "sim/simulate.h"

#include "sim/chip/core.h"
#include "sim/chip/kernel.h"
#include "sim/dram/dram_memory.h"
#include "sim/dram/traffic_sampler.h"

namespace systole {

Counters simulate(const ChipSpec& chip, const Program& program, const RunData* data,
                  RunTrace* trace) {
  prepare_kernel();
  TrafficSampler traffic(chip.dram);
  DramCommandObserver observer;
  if (trace != nullptr) {
    observer = [&traffic](const DramCommand& command) { traffic.add(command); };
  }
  DramMemory dram("dram", chip.dram, data == nullptr ? nullptr : data->dram, observer);
  Core core("core", chip, program, data, trace);
  core.bind(dram.socket);
  run_kernel(chip.clock());
  Counters counters = core.finish();
  counters.dram = dram.counters();
  if (trace != nullptr) {
    trace->dram = traffic.traffic();
  }
  return counters;
}

}  // namespace systole
