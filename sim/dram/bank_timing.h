#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "arch/dram_spec.h"
#include "sim/dram/dram_types.h"

namespace systole {

/// What the banks, ranks and the data bus of one channel allow, and since when.
///
/// Gaps from one command to a later one, in cycles:
///   bank   ACT->RD/WR nRCD, ACT->PRE nRAS, ACT->ACT nRC, PRE->ACT nRP, RD->PRE nRTP,
///          WR->PRE nCWL + nBL + nWR
///   rank   ACT->ACT nRRD_S (same bank group nRRD_L), fifth ACT nFAW after the first,
///          RD->RD and WR->WR nCCD_S (same bank group nCCD_L),
///          WR->RD nCWL + nBL + nWTR_S (same bank group nWTR_L),
///          REF nRP after every PRE and nRC after every ACT, REF->ACT and REF->REF nRFC
///   channel RD->WR nRTW; one column command per cycle, in the order in which they are recorded;
///          bursts do not overlap on the data bus (RD data nCL, WR data nCWL after the command,
///          nBL long) and a burst of another rank leaves kRankSwitch cycles free
/// Commands are recorded in the order of service; ACTs of a rank and column commands of the
/// channel therefore ascend in time.
/// Not modelled: conflicts on the command bus (commands of different banks may share a cycle).
class BankTiming {
 public:
  /// Idle data-bus cycles between bursts of different ranks (tRTRS): a property of controller and
  /// board rather than of a standard, two as in nRTW = nCL + nBL + 2 - nCWL.
  static constexpr DramCycles kRankSwitch{2};

  BankTiming(const DramOrganization& organization, const DramTiming& timing);

  [[nodiscard]] std::optional<RowIndex> open_row(BankIndex bank) const { return at(bank).open_row; }
  [[nodiscard]] bool any_row_open() const;

  [[nodiscard]] DramCycles earliest_precharge(BankIndex bank) const { return at(bank).precharge; }
  [[nodiscard]] DramCycles earliest_activate(BankIndex bank) const;
  /// Without the bank's own nRCD: what rank, bank group and buses allow.
  [[nodiscard]] DramCycles earliest_column(BankIndex bank, DramOperation operation) const;
  /// nRCD after the activate of the bank's open row.
  [[nodiscard]] DramCycles row_ready(BankIndex bank) const { return at(bank).row_ready; }
  [[nodiscard]] DramCycles earliest_precharge_all() const;  ///< over the open banks
  [[nodiscard]] DramCycles earliest_refresh() const;        ///< all banks closed

  void precharge(BankIndex bank, DramCycles when);
  void activate(BankIndex bank, RowIndex row, DramCycles when);
  /// Column commands of one run, the last of them at `last`.
  void columns(BankIndex bank, DramOperation operation, DramCycles last);
  /// Every rank at once, all banks closed.
  void refresh(DramCycles when);

 private:
  /// All members: the earliest cycle of that command.
  struct Bank {
    std::optional<RowIndex> open_row;
    DramCycles precharge{0};
    DramCycles activate{0};
    DramCycles row_ready{0};
  };
  struct Shared {  ///< of a bank group or of a rank
    DramCycles activate{0};
    DramCycles read{0};
    DramCycles write{0};
  };
  struct Rank {
    Shared shared;
    std::array<DramCycles, 4> fifth_activate{};  ///< ring: nFAW after each of the last four
    std::size_t oldest = 0;
  };

  [[nodiscard]] const Bank& at(BankIndex bank) const {
    return banks_[static_cast<std::size_t>(bank)];
  }
  [[nodiscard]] Bank& at(BankIndex bank) { return banks_[static_cast<std::size_t>(bank)]; }
  [[nodiscard]] std::size_t group_of(BankIndex bank) const {
    return static_cast<std::size_t>(bank) / banks_per_group_;
  }
  [[nodiscard]] std::size_t rank_of(BankIndex bank) const {
    return group_of(bank) / groups_per_rank_;
  }
  [[nodiscard]] DramCycles latency(DramOperation operation) const {
    return operation == DramOperation::Read ? timing_.nCL : timing_.nCWL;
  }

  DramTiming timing_;
  std::size_t banks_per_group_;
  std::size_t groups_per_rank_;
  std::vector<Bank> banks_;
  std::vector<Shared> groups_;
  std::vector<Rank> ranks_;
  DramCycles next_column_{0};
  DramCycles next_write_{0};
  DramCycles bus_free_{0};
  std::size_t bus_rank_ = 0;
};

}  // namespace systole
