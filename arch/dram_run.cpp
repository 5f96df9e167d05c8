#include "arch/dram_run.h"

#include <algorithm>

namespace systole {

void DramRunResult::add(const DramRunResult& other) {
  cycles = std::max(cycles, other.cycles);
  read_requests += other.read_requests;
  write_requests += other.write_requests;
  activates += other.activates;
  precharges += other.precharges;
  precharges_all += other.precharges_all;
  reads += other.reads;
  writes += other.writes;
  refreshes += other.refreshes;
  bank_refreshes += other.bank_refreshes;
  rows_closed += other.rows_closed;
  row_misses += other.row_misses;
  row_conflicts += other.row_conflicts;
  forwarded += other.forwarded;
  merged += other.merged;
  active_cycles += other.active_cycles;
  rank_cycles += other.rank_cycles;
  active_power_down_cycles += other.active_power_down_cycles;
  precharged_power_down_cycles += other.precharged_power_down_cycles;
  read_latency.add(other.read_latency);
  banks.insert(banks.end(), other.banks.begin(), other.banks.end());
}

}  // namespace systole
