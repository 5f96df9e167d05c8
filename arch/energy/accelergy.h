#pragma once

#include <string>

#include "arch/silicon_spec.h"
#include "arch/units/units.h"

namespace systole {

/// Imports an energy reference table (ERT) or an area reference table (ART) as Accelergy writes
/// them: pJ an action of one instance, um2 of one instance.
///
/// A table's name is a path (`system.chip.unified_buffer[0..15]`); its last part says which of our
/// components it is, `[a..b]` anywhere in it how many instances there are. Understood:
///   component        names                          actions
///   matrix_unit      matrix_unit, mac, pe           compute, mac (of the native kind), a kind's
///                                                   name (int8xint8), tile_load, clock
///   accumulators     accumulators, accumulator      read, write, update (as write)
///   unified_buffer   unified_buffer, buffer, glb    read, write, update
///   weight_fifo      weight_fifo                    byte
///   vector_unit      vector_unit, vector            lane, compute (as lane), clock
///   control          control, sequencer             instruction, clock
///   interconnect     interconnect, noc              byte, transfer (as byte)
///   dram_interface   dram_interface                 byte
///   host_link        host_link                      byte
/// and for each `leak` or `idle`: pJ a cycle of one instance, taken times the instances and the
/// rate of cycles: that of its argument `global_cycle_seconds`, or the chip's clock. A buffer's
/// access is one port access, an accumulator's one entry of a whole row.
/// An action has one energy. Names may say it twice (`write` beside `update`) where they agree; of
/// entries that differ in their arguments `*_delta` (of data, of address) that with the most
/// changes counts, as data at random. Other arguments change nothing. Everything else is an error
/// that names it: nothing of a table is dropped silently.
void import_energy_table(const std::string& file, Hertz clock, Action native_mac,
                         SiliconSpec& silicon);
void import_area_table(const std::string& file, SiliconSpec& silicon);

}  // namespace systole
