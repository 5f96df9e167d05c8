#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/energy/action.h"
#include "arch/technology/technology.h"

namespace systole {

/// What happens to a unit without work. `Ungated`: its clocks run on. `ClockGated`: its clocks
/// stop but for the share `clock.gated` of the technology. `PowerGated`: its leakage falls to the
/// share `logic.power_gated` as well. Not modelled: the energy and time of waking up.
enum class IdleMode : std::uint8_t { Ungated, ClockGated, PowerGated };

template <>
inline constexpr auto kEnumNames<IdleMode> = std::to_array<EnumName<IdleMode>>({
    {IdleMode::Ungated, "ungated"},
    {IdleMode::ClockGated, "clock_gated"},
    {IdleMode::PowerGated, "power_gated"},
});

/// A figure that replaces what the model computes.
struct ActionOverride {
  Action action = Action::MacInt8;
  double picojoules = 0;
  std::string origin;  ///< file and line
};
/// Of a part of the die: leakage in watts, or area.
struct PartOverride {
  Component part = Component::MatrixUnit;
  double value = 0;
  std::string origin;
};

/// How a chip is made and run: its process, its ports, what the simulation does not need to know.
struct SiliconSpec {
  Technology technology;
  InterfaceSpec dram_port;  ///< one for each DRAM channel
  InterfaceSpec host_port;
  Watts tdp{0};
  IdleMode idle = IdleMode::Ungated;
  double supply_efficiency = 1;  ///< chip and memory power over what the board draws, 0..1
  /// Bits that change, over those of the random operands that published energies hold for: the
  /// activations of rectified layers are zero half of the time.
  double activity = 1;
  double control_mtr = 0;  ///< millions of transistors of sequencer, DMA engines, debug
  double instruction_picojoules = 0;
  double unplaced = 0;  ///< share of the die without a part: channels, pads, fill
  std::vector<ActionOverride> energies;
  std::vector<PartOverride> leakages;  ///< watts
  std::vector<PartOverride> areas;     ///< mm2
};

}  // namespace systole
