#include "sim/dram/gap_table.h"

#include <algorithm>

namespace systole {

std::vector<CommandGap> command_gaps(const DramStandard& standard, RankTurnaround turnaround) {
  using enum DramCommandKind;
  using enum GapScope;
  const DramTiming& t = standard.timing;
  const DramCommandBus& bus = standard.bus;
  const DramCycles write_data = t.nCWL + t.nBL;
  const DramCycles burst = std::max(t.nCCD_S, t.nBL);
  const DramCycles other_rank = t.nBL + t.nRTRS;
  const DramCycles other_rank_turn = std::max(t.nRTW, t.nCL + t.nBL + t.nRTRS - t.nCWL);
  const bool overlaps = turnaround == RankTurnaround::AsReads;
  std::vector<CommandGap> gaps{
      {"nRCD", Activate, Read, Bank, t.nRCD + bus.activate - bus.column},
      {"nRCDWR", Activate, Write, Bank, t.nRCDWR + bus.activate - bus.column},
      {"nRAS", Activate, Precharge, Bank, t.nRAS + bus.activate - bus.precharge},
      {"nRC", Activate, Activate, Bank, t.nRC},
      {"nRP", Precharge, Activate, Bank, t.nRP + bus.precharge - bus.activate},
      {"nRTP", Read, Precharge, Bank, t.nRTP},
      {"nWR", Write, Precharge, Bank, write_data + t.nWR},
      {"nRRD_L", Activate, Activate, BankGroup, t.nRRD_L},
      {"nCCD_L", Read, Read, BankGroup, std::max(t.nCCD_L, t.nBL)},
      {"nCCD_L", Write, Write, BankGroup, std::max(t.nCCD_L, t.nBL)},
      {"nWTR_L", Write, Read, BankGroup, write_data + t.nWTR_L},
      {"nRRD_S", Activate, Activate, Rank, t.nRRD_S},
      {"nWTR_S", Write, Read, Rank, write_data + t.nWTR_S},
      {"nRTW", Read, Write, Rank, t.nRTW},
      {"nPPD", Precharge, Precharge, Rank, t.nPPD},
      {"nRC", Activate, Refresh, Rank, t.nRC + bus.activate - bus.refresh},
      {"nRP", Precharge, Refresh, Rank, t.nRP + bus.precharge - bus.refresh},
      {"nRFC", Refresh, Activate, Rank, t.nRFC + bus.refresh - bus.activate},
      {"nRFC", Refresh, Refresh, Rank, t.nRFC},
      {"nCCD_S", Read, Read, PseudoChannel, burst},
      {"nCCD_S", Write, Write, PseudoChannel, burst},
      {"nRTRS", Read, Read, OtherRank, other_rank},
      {"nRTRS", Read, Write, OtherRank, overlaps ? other_rank : other_rank_turn},
      {"nRTRS", Write, Write, OtherRank, overlaps ? t.nBL : other_rank},
      {"nRTRS", Write, Read, OtherRank, t.nCWL + other_rank - t.nCL},
  };
  if (t.nRFCpb > DramCycles(0)) {
    const std::vector<CommandGap> of_bank_refresh{
        {"nRP", Precharge, RefreshBank, Bank, t.nRP + bus.precharge - bus.refresh},
        {"nRC", Activate, RefreshBank, Bank, t.nRC + bus.activate - bus.refresh},
        {"nRFCpb", RefreshBank, Activate, Bank, t.nRFCpb + bus.refresh - bus.activate},
        {"nRRD_S", Activate, RefreshBank, Rank, t.nRRD_S + bus.activate - bus.refresh},
        {"nRRD_S", RefreshBank, Activate, Rank, t.nRRD_S + bus.refresh - bus.activate},
        {"nRFCpb", RefreshBank, RefreshBank, Bank, t.nRFCpb},
        {"nPBR2PBR", RefreshBank, RefreshBank, Rank,
         t.nPBR2PBR > DramCycles(0) ? t.nPBR2PBR : t.nRFCpb},
        {"nRFC", Refresh, RefreshBank, Rank, t.nRFC},
        {"nRFCpb", RefreshBank, Refresh, Rank, t.nRFCpb},
    };
    gaps.insert(gaps.end(), of_bank_refresh.begin(), of_bank_refresh.end());
  }
  std::erase_if(gaps, [](const CommandGap& gap) { return gap.cycles <= DramCycles(0); });
  return gaps;
}

std::vector<ActivateWindow> activate_windows(const DramTiming& timing) {
  constexpr std::int64_t kFour = 4;
  constexpr std::int64_t kThirtyTwo = 32;
  std::vector<ActivateWindow> windows{{kFour, timing.nFAW}, {kThirtyTwo, timing.n32AW}};
  std::erase_if(windows, [](const ActivateWindow& w) { return w.cycles == DramCycles(0); });
  return windows;
}

}  // namespace systole
