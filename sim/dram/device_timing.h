#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "arch/dram_controller_spec.h"
#include "arch/dram_spec.h"
#include "sim/dram/dram_types.h"
#include "sim/dram/gap_table.h"

namespace systole {

constexpr RowIndex kNoRow{-1};

/// The open rows of one channel and the earliest cycle of every command: the one algorithm that
/// reads the table of gaps (gap_table.h). Commands are issued in order of time.
/// Not modelled here: the command buses, which are the controller's.
class DeviceTiming {
 public:
  DeviceTiming(const DramStandard& standard, RankTurnaround turnaround);

  /// Precharge, Activate, Read, Write, RefreshBank of a bank.
  [[nodiscard]] DramCycles earliest(DramCommandKind kind, std::size_t bank) const {
    const auto command = static_cast<std::size_t>(kind);
    const Bank& state = banks_[bank];
    return std::max(std::max(state.ready[command], groups_[state.group][command]),
                    std::max(ranks_[state.rank].ready[command], pseudos_[state.pseudo][command]));
  }
  [[nodiscard]] DramCycles earliest_refresh(std::size_t rank) const {
    return ranks_[rank].ready[static_cast<std::size_t>(DramCommandKind::Refresh)];
  }
  /// Of all open banks of the rank.
  [[nodiscard]] DramCycles earliest_precharge_all(std::size_t rank) const;

  [[nodiscard]] RowIndex open_row(std::size_t bank) const { return banks_[bank].open_row; }
  [[nodiscard]] std::size_t open_banks(std::size_t rank) const { return ranks_[rank].open_banks; }
  [[nodiscard]] std::size_t rank_of(std::size_t bank) const { return banks_[bank].rank; }
  /// Ranks of all pseudo-channels.
  [[nodiscard]] std::size_t ranks() const { return ranks_.size(); }
  [[nodiscard]] std::size_t banks() const { return banks_.size(); }
  [[nodiscard]] std::size_t banks_per_rank() const { return banks_.size() / ranks_.size(); }

  /// `bank` of Refresh and PrechargeAll: any of the rank. `row` of an Activate.
  void issue(DramCommandKind kind, std::size_t bank, RowIndex row, DramCycles when);

  /// Cycles until `now`, summed over ranks, in which a rank had a row open.
  [[nodiscard]] DramCycles active_cycles(DramCycles now) const;

 private:
  using Ready = std::array<DramCycles, kDramCommandKinds>;
  struct Bank {
    Ready ready{};
    RowIndex open_row = kNoRow;
    std::uint32_t group = 0;
    std::uint32_t rank = 0;
    std::uint32_t pseudo = 0;
  };
  struct Window {  ///< ring: the end of the window of each of the last activates
    std::vector<DramCycles> ends;
    std::size_t oldest = 0;
  };
  struct Rank {
    Ready ready{};
    std::vector<Window> windows;
    std::size_t open_banks = 0;
    DramCycles opened{0};  ///< when the first of the open rows was
  };
  struct Gap {
    std::size_t second = 0;
    DramCycles cycles{0};
  };
  /// Gaps after one command, by how far they reach.
  struct Reach {
    std::vector<Gap> bank, group, rank, other_rank, pseudo;
  };

  static void raise(Ready& ready, const std::vector<Gap>& gaps, DramCycles when) {
    for (const Gap& gap : gaps) {
      ready[gap.second] = std::max(ready[gap.second], when + gap.cycles);
    }
  }
  void raise_other_ranks(const Bank& bank, const std::vector<Gap>& gaps, DramCycles when);
  void close(Bank& bank, DramCycles when);

  std::size_t ranks_per_pseudo_;
  std::array<Reach, kDramCommandKinds> gaps_;
  std::vector<ActivateWindow> windows_;
  std::vector<Bank> banks_;
  std::vector<Ready> groups_;
  std::vector<Rank> ranks_;
  std::vector<Ready> pseudos_;
  DramCycles active_cycles_{0};
};

}  // namespace systole
