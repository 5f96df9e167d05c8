#pragma once

#include <cstdint>
#include <string>

#include "arch/units/units.h"

namespace systole {

/// Geometry of one channel. Everything a power of two, checked when read.
struct DramOrganization {
  std::int64_t bus_bits = 64;
  std::int64_t burst_length = 8;  ///< BL: beats of one RD or WR
  std::int64_t ranks = 1;
  std::int64_t bank_groups = 1;
  std::int64_t banks_per_group = 8;
  std::int64_t rows = 65536;
  std::int64_t bursts_per_row = 128;

  [[nodiscard]] Bytes burst_bytes() const { return Bytes(bus_bits / 8 * burst_length); }
  [[nodiscard]] Bytes row_bytes() const { return burst_bytes() * bursts_per_row; }
  [[nodiscard]] std::int64_t banks() const { return ranks * bank_groups * banks_per_group; }
  [[nodiscard]] Bytes capacity() const { return row_bytes() * rows * banks(); }
};

/// JEDEC timings in memory-clock cycles (nRCD is tRCD in cycles); tCK alone is a time.
struct DramTiming {
  Femtoseconds tCK{0};
  DramCycles nBL{0};  ///< data bus cycles of one burst
  DramCycles nCL{0};
  DramCycles nCWL{0};
  DramCycles nRCD{0};
  DramCycles nRP{0};
  DramCycles nRAS{0};
  DramCycles nRC{0};
  DramCycles nRRD_S{0};
  DramCycles nRRD_L{0};
  DramCycles nFAW{0};
  DramCycles nCCD_S{0};
  DramCycles nCCD_L{0};
  DramCycles nWTR_S{0};
  DramCycles nWTR_L{0};
  DramCycles nWR{0};
  DramCycles nRTP{0};
  DramCycles nRTW{0};   ///< RD command to WR command
  DramCycles nREFI{0};  ///< 0: no refresh
  DramCycles nRFC{0};
};

/// One memory standard at one speed: configs/dram/NAME.yaml.
struct DramStandard {
  std::string name;
  DramOrganization organization;
  DramTiming timing;
};

/// The memory system of a chip: `channels` channels of one standard. Consecutive blocks of
/// `interleave` bytes go to consecutive channels; inside a channel an address reads, from its most
/// significant end, row : rank : bank group : bank : column.
struct DramSpec {
  DramStandard standard;
  std::int64_t channels = 1;
  Bytes interleave{0};
  Bytes capacity{0};  ///< of all channels together

  /// Peak of the data buses of all channels, as bytes per (10^15 fs) second, rounded down.
  [[nodiscard]] BytesPerSecond peak_bandwidth() const;
};

}  // namespace systole
