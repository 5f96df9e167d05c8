#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "arch/dram_controller_spec.h"
#include "arch/enum_names.h"
#include "arch/units/units.h"

namespace systole {

/// Banks of a channel, ranks and pseudo-channels together, at most.
constexpr std::int64_t kMostBanks = 512;

/// Geometry of one channel. Everything a power of two, checked when read. A channel may consist of
/// pseudo-channels, which share its command buses and nothing else: data bus, ranks, banks and
/// timings are each one's own.
struct DramOrganization {
  std::int64_t pseudo_channels = 1;
  std::int64_t bus_bits = 64;     ///< data bus of a pseudo-channel
  std::int64_t device_bits = 64;  ///< of it, those of one device
  std::int64_t burst_length = 8;  ///< BL: beats of one RD or WR
  std::int64_t ranks = 1;
  std::int64_t bank_groups = 1;
  std::int64_t banks_per_group = 8;
  std::int64_t rows = 65536;
  std::int64_t bursts_per_row = 128;

  [[nodiscard]] Bytes burst_bytes() const { return Bytes(bus_bits / 8 * burst_length); }
  [[nodiscard]] Bytes row_bytes() const { return burst_bytes() * bursts_per_row; }
  [[nodiscard]] std::int64_t banks_per_rank() const { return bank_groups * banks_per_group; }
  [[nodiscard]] std::int64_t banks() const { return pseudo_channels * ranks * banks_per_rank(); }
  [[nodiscard]] std::int64_t devices_per_rank() const { return bus_bits / device_bits; }
  [[nodiscard]] Bytes capacity() const { return row_bytes() * rows * banks(); }
};

/// JEDEC timings in memory-clock cycles (nRCD is tRCD in cycles); tCK alone is a time. What a
/// standard does not have is 0. docs/dram.md has the gap that each of them makes.
struct DramTiming {
  Femtoseconds tCK{0};
  DramCycles nBL{0};  ///< data bus cycles of one burst
  DramCycles nCL{0};
  DramCycles nCWL{0};
  DramCycles nRCD{0};    ///< ACT to RD
  DramCycles nRCDWR{0};  ///< ACT to WR
  DramCycles nRP{0};
  DramCycles nRAS{0};
  DramCycles nRC{0};
  DramCycles nRRD_S{0};
  DramCycles nRRD_L{0};
  DramCycles nFAW{0};   ///< window of four activates of a rank
  DramCycles n32AW{0};  ///< window of 32 activates of a rank
  DramCycles nCCD_S{0};
  DramCycles nCCD_L{0};
  DramCycles nWTR_S{0};
  DramCycles nWTR_L{0};
  DramCycles nWR{0};
  DramCycles nRTP{0};
  DramCycles nRTW{0};      ///< RD command to WR command
  DramCycles nRTRS{2};     ///< idle data-bus cycles between bursts of different ranks
  DramCycles nPPD{0};      ///< PRE to PRE of a rank
  DramCycles nREFI{0};     ///< 0: no refresh
  DramCycles nRFC{0};      ///< refresh of all banks of a rank
  DramCycles nRFCpb{0};    ///< refresh of one bank; 0: the standard has none
  DramCycles nPBR2PBR{0};  ///< refresh of one bank to that of another of the rank
  DramCycles nCKE{0};      ///< shortest power-down; 0: the standard has none here
  DramCycles nXP{0};       ///< power-down exit to the next command
};

/// How commands travel: bus cycles of each, on one bus or on one for rows (ACT, PRE, REF) and one
/// for columns (RD, WR). Gaps count from the last cycle of an ACT (HBM, LPDDR4).
struct DramCommandBus {
  bool split = false;
  DramCycles activate{1};
  DramCycles precharge{1};
  DramCycles column{1};
  DramCycles refresh{1};
};

/// Supply voltage and currents of one device as data sheets list them, and the energy of a bit on
/// the wires. Base units are integers: microvolt, microampere, femtojoule.
struct DramPower {
  Microvolts VDD{0};
  Microamperes IDD0{0};   ///< one bank activating and precharging
  Microamperes IDD2P{0};  ///< power-down, no row open
  Microamperes IDD2N{0};  ///< standby, no row open
  Microamperes IDD3P{0};  ///< power-down, a row open
  Microamperes IDD3N{0};  ///< standby, a row open
  Microamperes IDD4W{0};
  Microamperes IDD4R{0};
  Microamperes IDD5AB{0};  ///< refreshing
  Microamperes IDD5PB{0};  ///< refreshing one bank; 0: not known
  Femtojoules io_read{0};  ///< a bit, driver and termination
  Femtojoules io_write{0};
};

/// One memory standard at one speed: configs/dram/NAME.yaml.
struct DramStandard {
  std::string name;
  std::int64_t channels = 1;  ///< where the standard is run alone; a chip says its own
  DramOrganization organization;
  DramTiming timing;
  DramCommandBus bus;
  std::optional<DramPower> power;
};

[[nodiscard]] constexpr bool has_bank_refresh(const DramStandard& standard) {
  return standard.timing.nRFCpb > DramCycles(0);
}

[[nodiscard]] constexpr bool has_power_down(const DramStandard& standard) {
  return standard.timing.nCKE > DramCycles(0) && standard.timing.nXP > DramCycles(0);
}

/// Does the controller refresh the standard bank by bank?
[[nodiscard]] inline bool refreshes_banks(const DramControllerSpec& controller,
                                          const DramStandard& standard) {
  return controller.refresh == RefreshKind::PerBank ||
         (controller.refresh == RefreshKind::PerBankIfAny && has_bank_refresh(standard));
}

/// The order of an address inside a channel, from its most significant end:
///   lin  row : rank : bank : bank group : column : pseudo-channel
///   bgi  row : rank : bank : column : bank group : pseudo-channel, so that a stream goes round
///        the bank groups and keeps the data bus full where nCCD_L is longer than a burst
enum class DramMapping : std::uint8_t { Linear, BankGroupInterleaved };
template <>
inline constexpr auto kEnumNames<DramMapping> = std::to_array<EnumName<DramMapping>>(
    {{DramMapping::Linear, "lin"}, {DramMapping::BankGroupInterleaved, "bgi"}});

/// The memory system of a chip: `channels` channels of one standard. Consecutive blocks of
/// `interleave` bytes go to consecutive channels.
struct DramSpec {
  DramStandard standard;
  DramControllerSpec controller;
  DramMapping mapping = DramMapping::Linear;
  std::int64_t channels = 1;
  Bytes interleave{0};
  Bytes capacity{0};  ///< of all channels together

  /// Peak of the data buses of all channels, as bytes per (10^15 fs) second, rounded down.
  [[nodiscard]] BytesPerSecond peak_bandwidth() const;
};

}  // namespace systole
