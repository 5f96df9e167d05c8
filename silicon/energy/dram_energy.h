#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "arch/dram_run.h"
#include "arch/dram_spec.h"

namespace systole {

/// Energy in picojoules, all devices of all ranks and channels. With U = VDD x devices of a rank
/// and t = n x tCK, the equations of Micron's power notes (TN-41-01, TN-40-07), as DRAMsim3 and
/// DRAMPower have them too:
///   activate   U ((IDD0 - IDD3N) tRAS + (IDD0 - IDD2N) (tRC - tRAS - tRP)) an ACT
///   precharge  U (IDD0 - IDD2N) tRP a row closed
///   read       U (IDD4R - IDD3N) tBL a RD;  write: IDD4W, a WR
///   refresh    U (IDD5AB - IDD3N) tRFC a REF; of one bank U (IDD5PB - IDD3N) tRFCpb, or where no
///              IDD5PB is known a bank's share of a REF
///   background U IDD3N while a rank has a row open, U IDD2N while it has none;
///              in power-down U IDD3P and U IDD2P
///   io         io_read and io_write for every bit moved
/// A refresh counts as time without an open row. Not modelled: self-refresh, temperature, the
/// controller's own energy.
struct DramEnergy {
  double activate = 0;
  double precharge = 0;
  double read = 0;
  double write = 0;
  double refresh = 0;
  double active_standby = 0;
  double precharged_standby = 0;
  double active_power_down = 0;
  double precharged_power_down = 0;
  double io = 0;

  [[nodiscard]] double total() const;
};

/// What a part of the memory's energy goes by: commands that were issued, or time that passed.
enum class DramEnergyBy : std::uint8_t { Commands, Time };

struct DramEnergyPart {
  std::string_view name;  ///< in reports
  double DramEnergy::*picojoules;
  DramEnergyBy by;
};

/// Every part, in the order of reports; whoever adds up does so over this table.
inline constexpr auto kDramEnergyParts = std::to_array<DramEnergyPart>({
    {"activate", &DramEnergy::activate, DramEnergyBy::Commands},
    {"precharge", &DramEnergy::precharge, DramEnergyBy::Commands},
    {"read", &DramEnergy::read, DramEnergyBy::Commands},
    {"write", &DramEnergy::write, DramEnergyBy::Commands},
    {"refresh", &DramEnergy::refresh, DramEnergyBy::Time},
    {"active_standby", &DramEnergy::active_standby, DramEnergyBy::Time},
    {"precharged_standby", &DramEnergy::precharged_standby, DramEnergyBy::Time},
    {"active_power_down", &DramEnergy::active_power_down, DramEnergyBy::Time},
    {"precharged_power_down", &DramEnergy::precharged_power_down, DramEnergyBy::Time},
    {"io", &DramEnergy::io, DramEnergyBy::Commands},
});
static_assert(kDramEnergyParts.size() * sizeof(double) == sizeof(DramEnergy),
              "every part of the energy has its row");

/// The parts that go by commands, or by time.
[[nodiscard]] double picojoules_by(const DramEnergy& energy, DramEnergyBy by);

/// Requires `standard.power`.
[[nodiscard]] DramEnergy dram_energy(const DramStandard& standard, const DramRunResult& run);

}  // namespace systole
