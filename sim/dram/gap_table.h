#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "arch/dram_controller_spec.h"
#include "arch/dram_spec.h"
#include "sim/dram/dram_types.h"

namespace systole {

/// How far a gap reaches from the bank of its first command.
enum class GapScope : std::uint8_t { Bank, BankGroup, Rank, OtherRank, PseudoChannel };

/// `second` comes at least `cycles` after `first`, within `scope`; first cycle to first cycle.
struct CommandGap {
  std::string_view name;  ///< the timing that makes it
  DramCommandKind first = DramCommandKind::Precharge;
  DramCommandKind second = DramCommandKind::Precharge;
  GapScope scope = GapScope::Bank;
  DramCycles cycles{0};
};

/// At most `activates` ACTs of a rank in any `cycles` cycles.
struct ActivateWindow {
  std::int64_t activates = 4;
  DramCycles cycles{0};
};

/// All gaps of a standard between two commands, as data for one algorithm: no code per standard,
/// a rule that a standard does not have is a gap of 0 cycles and left out. With L the bus cycles of
/// a command and nBL' = max(nCCD_S, nBL):
///   bank    ACT->RD nRCD, ACT->WR nRCDWR (both + L_ACT - L_RD), ACT->PRE nRAS + L_ACT - L_PRE,
///           ACT->ACT nRC, PRE->ACT nRP + L_PRE - L_ACT, RD->PRE nRTP, WR->PRE nCWL + nBL + nWR,
///           REFpb->ACT nRFCpb + L_REF - L_ACT
///   group   ACT->ACT nRRD_L, RD->RD and WR->WR max(nCCD_L, nBL), WR->RD nCWL + nBL + nWTR_L
///   rank    ACT->ACT nRRD_S, PRE->PRE nPPD, ACT->REF nRC + L_ACT - L_REF, PRE->REF nRP,
///           REF->ACT nRFC + L_REF - L_ACT, REF->REF nRFC, WR->RD nCWL + nBL + nWTR_S,
///           REFpb->REFpb nPBR2PBR (without one nRFCpb), REFpb->ACT nRRD_S + L_REF - L_ACT,
///           ACT->REFpb nRRD_S + L_ACT - L_REF
///   data bus (pseudo-channel) RD->RD and WR->WR nBL', RD->WR nRTW; between ranks RD->RD
///           and WR->WR nBL + nRTRS, RD->WR max(nRTW, nCL + nBL + nRTRS - nCWL), WR->RD
///           nCWL + nBL + nRTRS - nCL (`AsReads`: RD->WR nBL + nRTRS, WR->WR nBL)
/// PRE stands for a precharge of all banks as well, bank by bank. Not modelled: write recovery and
/// read-to-precharge that depend on the bank group (HBM3 nRTP_S), strobe pre- and postambles
/// beyond nRTW and nRTRS, WCK synchronisation (LPDDR5).
[[nodiscard]] std::vector<CommandGap> command_gaps(const DramStandard& standard,
                                                   RankTurnaround turnaround);

/// nFAW, and n32AW where the standard has it.
[[nodiscard]] std::vector<ActivateWindow> activate_windows(const DramTiming& timing);

}  // namespace systole
