#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "arch/enum_names.h"
#include "arch/units/units.h"

namespace systole {

/// When a row is closed that no buffered request wants: never (but for another row or a refresh),
/// at once, or `page_timeout` after its last column command.
enum class PagePolicy : std::uint8_t { Open, Closed, Timeout };
template <>
inline constexpr auto kEnumNames<PagePolicy> = std::to_array<EnumName<PagePolicy>>(
    {{PagePolicy::Open, "open"}, {PagePolicy::Closed, "closed"}, {PagePolicy::Timeout, "timeout"}});

/// What one refresh command refreshes. `PerBank` takes a standard with nRFCpb; `PerBankIfAny` is
/// `AllBank` for one without.
enum class RefreshKind : std::uint8_t { Off, AllBank, PerBank, PerBankIfAny };
template <>
inline constexpr auto kEnumNames<RefreshKind> =
    std::to_array<EnumName<RefreshKind>>({{RefreshKind::Off, "off"},
                                          {RefreshKind::AllBank, "all_bank"},
                                          {RefreshKind::PerBank, "per_bank"},
                                          {RefreshKind::PerBankIfAny, "per_bank_if_any"}});

/// Whose buffered requests wait while a refresh is pending: the whole channel's, or those of the
/// rank (per-bank refresh: of the bank) that is to be refreshed.
enum class RefreshBlocks : std::uint8_t { Channel, Refreshed };
template <>
inline constexpr auto kEnumNames<RefreshBlocks> = std::to_array<EnumName<RefreshBlocks>>(
    {{RefreshBlocks::Channel, "channel"}, {RefreshBlocks::Refreshed, "refreshed"}});

/// RD or WR of one rank to WR of another. `Separate` keeps the bursts apart on the data bus;
/// `AsReads` reproduces a mistake of the controller R of the comparison: a write follows a read
/// like a read, nBL + nRTRS, and a write after nBL, so that data overlap.
enum class RankTurnaround : std::uint8_t { Separate, AsReads };
template <>
inline constexpr auto kEnumNames<RankTurnaround> = std::to_array<EnumName<RankTurnaround>>(
    {{RankTurnaround::Separate, "separate"}, {RankTurnaround::AsReads, "as_reads"}});

/// The policies of one channel's controller: configs/dram_controllers/NAME.yaml. docs/dram.md says
/// what they do.
struct DramControllerSpec {
  std::string name;
  std::int64_t read_entries = 32;  ///< bursts buffered for each pseudo-channel
  std::int64_t write_entries = 32;
  /// Writes are served from the first fill above `drain_above` per cent of their buffer on, until
  /// it falls below `drain_below` per cent and a read waits, and whenever no read waits.
  std::int64_t drain_above = 80;
  std::int64_t drain_below = 20;
  /// A request older than this is served before all others of its buffer; 0: no bound.
  DramCycles starvation_limit{0};
  PagePolicy page_policy = PagePolicy::Open;
  DramCycles page_timeout{0};
  RefreshKind refresh = RefreshKind::AllBank;
  RefreshBlocks refresh_blocks = RefreshBlocks::Channel;
  /// Refreshes (of all banks) that may wait for an idle rank or bank before one is forced.
  std::int64_t postponed_refreshes = 0;
  RankTurnaround rank_turnaround = RankTurnaround::Separate;
  /// Cycles without work after which a rank goes into power-down; 0: never. Takes a standard with
  /// nCKE and nXP.
  DramCycles power_down{0};

  bool operator==(const DramControllerSpec&) const = default;
};

/// configs/dram_controllers/default.yaml, for chips that name no controller.
[[nodiscard]] inline DramControllerSpec default_dram_controller() {
  return {.name = "default",
          .read_entries = 64,
          .write_entries = 64,
          .starvation_limit = DramCycles(10'000),
          .refresh = RefreshKind::PerBankIfAny,
          .refresh_blocks = RefreshBlocks::Refreshed,
          .postponed_refreshes = 4};
}

}  // namespace systole
