#pragma once

#include <cstdint>

#include "arch/dram_spec.h"

namespace systole::testing {

/// DDR3-1600 11-11-11, 4 Gb x8 devices, the timing set of the reference rows in
/// dram_reference_test.cpp (nRTW = nCL + nBL + 2 - nCWL).
inline DramStandard ddr3_1600() {
  DramStandard standard;
  standard.name = "DDR3-1600";
  standard.organization = {.bus_bits = 64,
                           .burst_length = 8,
                           .ranks = 1,
                           .bank_groups = 1,
                           .banks_per_group = 8,
                           .rows = 65536,
                           .bursts_per_row = 128};
  standard.timing = {.tCK = Femtoseconds(1'250'000),
                     .nBL = DramCycles(4),
                     .nCL = DramCycles(11),
                     .nCWL = DramCycles(8),
                     .nRCD = DramCycles(11),
                     .nRCDWR = DramCycles(11),
                     .nRP = DramCycles(11),
                     .nRAS = DramCycles(28),
                     .nRC = DramCycles(39),
                     .nRRD_S = DramCycles(5),
                     .nRRD_L = DramCycles(5),
                     .nFAW = DramCycles(24),
                     .nCCD_S = DramCycles(4),
                     .nCCD_L = DramCycles(4),
                     .nWTR_S = DramCycles(6),
                     .nWTR_L = DramCycles(6),
                     .nWR = DramCycles(12),
                     .nRTP = DramCycles(6),
                     .nRTW = DramCycles(9),
                     .nREFI = DramCycles(6240),
                     .nRFC = DramCycles(208),
                     .nCKE = DramCycles(5),
                     .nXP = DramCycles(7)};
  return standard;
}

/// DDR3-2133 14-14-14, 4 Gb x8 devices: JEDEC JESD79-3F times (tRAS 33 ns, tRRD 5 ns, tFAW 25 ns,
/// tWTR and tRTP 7.5 ns, tWR 15 ns, tREFI 7.8 us, tRFC 260 ns) rounded up to 0.9375 ns cycles,
/// nRTW = nCL + nBL + 2 - nCWL.
inline DramStandard ddr3_2133() {
  DramStandard standard = ddr3_1600();
  standard.name = "DDR3-2133";
  standard.timing = {.tCK = Femtoseconds(937'500),
                     .nBL = DramCycles(4),
                     .nCL = DramCycles(14),
                     .nCWL = DramCycles(10),
                     .nRCD = DramCycles(14),
                     .nRCDWR = DramCycles(14),
                     .nRP = DramCycles(14),
                     .nRAS = DramCycles(36),
                     .nRC = DramCycles(50),
                     .nRRD_S = DramCycles(6),
                     .nRRD_L = DramCycles(6),
                     .nFAW = DramCycles(27),
                     .nCCD_S = DramCycles(4),
                     .nCCD_L = DramCycles(4),
                     .nWTR_S = DramCycles(8),
                     .nWTR_L = DramCycles(8),
                     .nWR = DramCycles(16),
                     .nRTP = DramCycles(8),
                     .nRTW = DramCycles(10),
                     .nREFI = DramCycles(8320),
                     .nRFC = DramCycles(278),
                     .nCKE = DramCycles(5),
                     .nXP = DramCycles(7)};
  return standard;
}

/// DDR4-2400 17-17-17, 8 Gb x8 devices, and LPDDR4-3200: the timing sets of the reference rows in
/// dram_reference_test.cpp.
inline DramStandard ddr4_2400() {
  DramStandard standard = ddr3_1600();
  standard.name = "DDR4-2400";
  standard.organization.bank_groups = 4;
  standard.organization.banks_per_group = 4;
  standard.timing = {.tCK = Femtoseconds(833'333),
                     .nBL = DramCycles(4),
                     .nCL = DramCycles(17),
                     .nCWL = DramCycles(12),
                     .nRCD = DramCycles(17),
                     .nRCDWR = DramCycles(17),
                     .nRP = DramCycles(17),
                     .nRAS = DramCycles(39),
                     .nRC = DramCycles(56),
                     .nRRD_S = DramCycles(4),
                     .nRRD_L = DramCycles(6),
                     .nFAW = DramCycles(26),
                     .nCCD_S = DramCycles(4),
                     .nCCD_L = DramCycles(6),
                     .nWTR_S = DramCycles(3),
                     .nWTR_L = DramCycles(9),
                     .nWR = DramCycles(18),
                     .nRTP = DramCycles(9),
                     .nRTW = DramCycles(11),
                     .nREFI = DramCycles(9360),
                     .nRFC = DramCycles(420),
                     .nCKE = DramCycles(5),
                     .nXP = DramCycles(7)};
  return standard;
}

inline DramStandard lpddr4_3200() {
  DramStandard standard = ddr3_1600();
  standard.name = "LPDDR4-3200";
  standard.organization = {.bus_bits = 16,
                           .burst_length = 16,
                           .ranks = 1,
                           .bank_groups = 1,
                           .banks_per_group = 8,
                           .rows = 32768,
                           .bursts_per_row = 64};
  standard.timing = {.tCK = Femtoseconds(625'000),
                     .nBL = DramCycles(8),
                     .nCL = DramCycles(28),
                     .nCWL = DramCycles(14),
                     .nRCD = DramCycles(29),
                     .nRCDWR = DramCycles(29),
                     .nRP = DramCycles(29),
                     .nRAS = DramCycles(68),
                     .nRC = DramCycles(97),
                     .nRRD_S = DramCycles(16),
                     .nRRD_L = DramCycles(16),
                     .nFAW = DramCycles(64),
                     .nCCD_S = DramCycles(8),
                     .nCCD_L = DramCycles(8),
                     .nWTR_S = DramCycles(16),
                     .nWTR_L = DramCycles(16),
                     .nWR = DramCycles(29),
                     .nRTP = DramCycles(12),
                     .nRTW = DramCycles(24),
                     .nREFI = DramCycles(6246),
                     .nRFC = DramCycles(288),
                     .nCKE = DramCycles(5),
                     .nXP = DramCycles(7)};
  return standard;
}

/// Bank groups and two ranks, every gap different from its neighbours, small rows: made to tell
/// rules apart, not a product.
inline DramStandard two_ranks_with_groups() {
  DramStandard standard;
  standard.name = "two ranks with bank groups";
  standard.organization = {.bus_bits = 64,
                           .burst_length = 8,
                           .ranks = 2,
                           .bank_groups = 2,
                           .banks_per_group = 2,
                           .rows = 64,
                           .bursts_per_row = 8};
  standard.timing = {.tCK = Femtoseconds(833'333),
                     .nBL = DramCycles(4),
                     .nCL = DramCycles(17),
                     .nCWL = DramCycles(12),
                     .nRCD = DramCycles(16),
                     .nRCDWR = DramCycles(16),
                     .nRP = DramCycles(15),
                     .nRAS = DramCycles(39),
                     .nRC = DramCycles(57),
                     .nRRD_S = DramCycles(5),
                     .nRRD_L = DramCycles(7),
                     .nFAW = DramCycles(31),
                     .nCCD_S = DramCycles(4),
                     .nCCD_L = DramCycles(6),
                     .nWTR_S = DramCycles(3),
                     .nWTR_L = DramCycles(9),
                     .nWR = DramCycles(18),
                     .nRTP = DramCycles(10),
                     .nRTW = DramCycles(11),
                     .nREFI = DramCycles(900),
                     .nRFC = DramCycles(210),
                     .nCKE = DramCycles(5),
                     .nXP = DramCycles(7)};
  return standard;
}

inline DramStandard without_refresh(DramStandard standard) {
  standard.timing.nREFI = DramCycles(0);
  return standard;
}

inline DramSpec memory_of(const DramStandard& standard, std::int64_t channels,
                          Bytes interleave = Bytes(256)) {
  return {.standard = standard,
          .channels = channels,
          .interleave = interleave,
          .capacity = standard.organization.capacity() * channels};
}

}  // namespace systole::testing
