#include "sim/simulate.h"

#include "sim/chip/core.h"
#include "sim/chip/kernel.h"
#include "sim/dram/dram_memory.h"

namespace systole {

Counters simulate(const ChipSpec& chip, const Program& program, const RunData* data) {
  prepare_kernel();
  DramMemory dram("dram", chip.dram, data == nullptr ? nullptr : data->dram);
  Core core("core", chip, program, data);
  core.bind(dram.socket);
  run_kernel(chip.clock());
  Counters counters = core.finish();
  counters.dram = dram.counters();
  return counters;
}

}  // namespace systole
