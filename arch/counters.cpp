#include "arch/counters.h"

namespace systole {

void ActionCounters::add(const ActionCounters& other) {
  macs += other.macs;
  for (std::size_t kind = 0; kind < macs_of_kind.size(); ++kind) {
    macs_of_kind[kind] += other.macs_of_kind[kind];
  }
  mac_slots += other.mac_slots;
  folds += other.folds;
  weight_tiles += other.weight_tiles;
  weight_bytes += other.weight_bytes;
  buffer_reads += other.buffer_reads;
  buffer_writes += other.buffer_writes;
  accumulator_reads += other.accumulator_reads;
  accumulator_writes += other.accumulator_writes;
  vector_elements += other.vector_elements;
  host_in_bytes += other.host_in_bytes;
  host_out_bytes += other.host_out_bytes;
}

}  // namespace systole
