#pragma once

#include <array>
#include <vector>

#include "arch/chip_spec.h"
#include "arch/counters.h"
#include "silicon/energy/energy_table.h"

namespace systole {

/// Energy by component, in joules.
struct EnergyBreakdown {
  std::array<Joules, kComponentCount> parts{};

  [[nodiscard]] Joules of(Component component) const {
    return parts[static_cast<std::size_t>(component)];
  }
  /// All parts, added in their order.
  [[nodiscard]] Joules total() const;
};

/// Energy of a run: every count times its energy, every power times the time. Obtained: simulated
/// counts, modelled energies.
///
/// By layer: actions, busy cycles and bytes are the layer's own. What runs with time (leakage,
/// ports, standby and refresh of the memory, clocks that are not gated) goes by the cycles that the
/// layer exposes, the commands of the memory by the bytes that it moves; so the layers add up to
/// the total.
struct EnergyReport {
  EnergyBreakdown total;
  std::vector<EnergyBreakdown> layers;
  Watts average_power{0};
  Watts idle_power{0};  ///< powered and clocked as `idle` says, without work
  Watts peak_power{0};  ///< every unit at its full rate at once: no schedule draws more
  Watts tdp{0};
  Joules per_inference{0};
  double tops_per_watt = 0;         ///< 2 operations a MAC, average power
  double energy_delay_product = 0;  ///< joules of an inference x seconds of the run
  /// Total if the energies on the chip were scaled as the other source does.
  Joules total_other_scaling{0};
};

/// Requires `chip.silicon` and the currents of the memory. `batch` inferences were computed.
///
/// The memory: silicon/energy/dram_energy.h on the counted commands. Rows closed are the activates,
/// and while a run lasts rows are taken to stay open (standby at IDD3N), as open-page policies keep
/// them; without work they are closed.
/// Supply: all others x (1 / efficiency - 1).
[[nodiscard]] EnergyReport energy_report(const ChipSpec& chip, const Counters& counters,
                                         std::int64_t batch);

/// One second without work, and one second with every unit at its full rate: the array at the kind
/// of product that costs most, every port of the buffer and an accumulator read and write each
/// cycle, all lanes, DRAM read and the host link at their peak bandwidth. No schedule draws more.
[[nodiscard]] EnergyBreakdown idle_second(const ChipSpec& chip);
[[nodiscard]] EnergyBreakdown full_load_second(const ChipSpec& chip);

}  // namespace systole
