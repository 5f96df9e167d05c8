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

/// The open rows of one channel and the earliest cycle of every command: the one algorithm that
/// reads the table of gaps (gap_table.h). Commands are issued in order of time.
/// Not modelled here: the command buses, which are the controller's.
class DeviceTiming {
 public:
  DeviceTiming(const DramStandard& standard, RankTurnaround turnaround);

  /// The earliest cycles of one kind of command: of a bank the later of its own entry and its bank
  /// group's.
  struct Earliest {
    const DramCycles* of_bank;
    const DramCycles* of_group;
    int banks_per_group_bits;

    [[nodiscard]] DramCycles at(std::size_t bank) const {
      return std::max(of_bank[bank], of_group[bank >> banks_per_group_bits]);
    }
  };
  /// Precharge, Activate, Read, Write, RefreshBank. Valid while the object stands.
  [[nodiscard]] Earliest earliest(DramCommandKind kind) const {
    const auto command = static_cast<std::size_t>(kind);
    return {&bank_ready_[command * banks_], &group_ready_[command * groups_],
            banks_per_group_bits_};
  }
  [[nodiscard]] DramCycles earliest(DramCommandKind kind, std::size_t bank) const {
    return earliest(kind).at(bank);
  }
  [[nodiscard]] DramCycles earliest_refresh(std::size_t rank) const {
    return earliest(DramCommandKind::Refresh).at(rank * banks_per_rank());
  }
  /// Of all open banks of the rank.
  [[nodiscard]] DramCycles earliest_precharge_all(std::size_t rank) const;

  [[nodiscard]] RowIndex open_row(std::size_t bank) const { return open_rows_[bank]; }
  [[nodiscard]] std::size_t open_banks(std::size_t rank) const { return ranks_[rank].open_banks; }
  [[nodiscard]] bool has_open_rows() const {
    return std::any_of(ranks_.begin(), ranks_.end(),
                       [](const Rank& rank) { return rank.open_banks > 0; });
  }
  [[nodiscard]] std::size_t rank_of(std::size_t bank) const { return bank >> banks_per_rank_bits_; }
  /// Ranks of all pseudo-channels.
  [[nodiscard]] std::size_t ranks() const { return ranks_.size(); }
  [[nodiscard]] std::size_t banks() const { return open_rows_.size(); }
  [[nodiscard]] std::size_t banks_per_rank() const {
    return std::size_t{1} << banks_per_rank_bits_;
  }

  /// `bank` of Refresh and PrechargeAll: any of the rank. `row` of an Activate.
  void issue(DramCommandKind kind, std::size_t bank, RowIndex row, DramCycles when);

  /// No command of the rank before `until`.
  void hold(std::size_t rank, DramCycles until);

  /// Adds what decides from `now` on but the open rows, in differences of time.
  void describe(DramCycles now, std::vector<std::int64_t>& state) const;
  /// What comes after `now` comes `by` later.
  void shift(DramCycles now, DramCycles by);

  /// What a RD or WR at `when` means for others of its kind alone; `issue` for the last of several
  /// in a bank makes up for the rest.
  void space_columns(DramCommandKind kind, std::size_t bank, DramCycles when);
  /// The distance of two RD or WR, from a bank to another (or the same) one.
  [[nodiscard]] DramCycles column_gap(DramCommandKind kind, std::size_t from,
                                      std::size_t to) const {
    return column_gaps_[operation_of(kind)]
                       [(from >> banks_per_group_bits_) * groups_ + (to >> banks_per_group_bits_)];
  }

  /// Cycles until `now`, summed over ranks, in which a rank had a row open.
  [[nodiscard]] DramCycles active_cycles(DramCycles now) const;

 private:
  /// A gap to the entry `second` of `bank_ready_`, counted from the command's bank, or of
  /// `group_ready_`.
  struct Gap {
    std::size_t second = 0;
    DramCycles cycles{0};
  };
  struct Window {  ///< ring: the end of the window of each of the last activates
    std::vector<DramCycles> ends;
    std::size_t oldest = 0;
  };
  struct Rank {
    std::vector<Window> windows;
    std::size_t open_banks = 0;
    DramCycles opened{0};  ///< when the first of the open rows was
  };

  void add_gap(const CommandGap& gap);
  void add_groups(const CommandGap& gap, std::size_t from, std::size_t first, std::size_t end);
  void find_column_gaps();
  [[nodiscard]] std::vector<Gap>& group_gaps(DramCommandKind kind, std::size_t group) {
    return group_gaps_[static_cast<std::size_t>(kind) * groups_ + group];
  }
  [[nodiscard]] static std::size_t operation_of(DramCommandKind column) {
    return column == DramCommandKind::Read ? 0 : 1;
  }
  void raise_banks(DramCommandKind kind, std::size_t bank, DramCycles when);
  void raise_groups(DramCommandKind kind, std::size_t bank, DramCycles when);
  void close(std::size_t bank, DramCycles when);
  void open(std::size_t bank, RowIndex row, DramCycles when);

  int banks_per_group_bits_;
  int groups_per_rank_bits_;
  int banks_per_rank_bits_;
  std::size_t ranks_per_pseudo_;
  std::size_t banks_;
  std::size_t groups_;                                         ///< of all ranks
  std::array<std::vector<Gap>, kDramCommandKinds> bank_gaps_;  ///< by first command
  std::vector<std::vector<Gap>> group_gaps_;  ///< by first command and its bank group
  std::vector<ActivateWindow> windows_;
  std::vector<DramCycles> bank_ready_;  ///< by command and bank
  /// What bank group, rank and data bus allow, by command and bank group.
  std::vector<DramCycles> group_ready_;
  /// By RD or WR, bank group and bank group of the next.
  std::array<std::vector<DramCycles>, 2> column_gaps_;
  std::vector<RowIndex> open_rows_;
  std::vector<Rank> ranks_;
  DramCycles active_cycles_{0};
};

}  // namespace systole
