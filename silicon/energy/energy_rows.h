#pragma once

#include <string>
#include <utility>
#include <vector>

#include "arch/figure_rows.h"
#include "arch/obtained.h"
#include "silicon/area/area.h"
#include "silicon/energy/energy.h"

namespace systole {

// The tables of energy and area (arch/figure_rows.h).

template <>
inline constexpr auto kFigureRows<EnergyBreakdown> = std::tuple{
    kept_by<Component>("parts", &EnergyBreakdown::parts),
};
static_assert(rows_are_complete<EnergyBreakdown>());

template <>
inline constexpr auto kFigureRows<EnergyReport> = std::tuple{
    kept("total", &EnergyReport::total),
    kept("layers", &EnergyReport::layers),
    derived<EnergyReport>(
        "joules", [](const EnergyReport& energy) { return energy.total.total(); }, "J",
        "of the run"),
    figure("joules_per_inference", &EnergyReport::per_inference, "J", "the same over the batch"),
    figure("joules_other_scaling", &EnergyReport::total_other_scaling, "J",
           "with the other published scaling: the uncertainty"),
    figure("average_watts", &EnergyReport::average_power, "W", "of the run"),
    figure("peak_watts", &EnergyReport::peak_power, "W", "every unit at its full rate at once"),
    figure("idle_watts", &EnergyReport::idle_power, "W",
           "without work, under the chip's DRAM controller"),
    figure("tdp_watts", &EnergyReport::tdp, "W", "design"),
    figure("tops_per_watt", &EnergyReport::tops_per_watt, "TOPS/W", "2 operations a MAC"),
    figure("energy_delay_product", &EnergyReport::energy_delay_product, "J s",
           "joules of an inference x seconds of the run"),
    derived<EnergyReport>(
        "components",
        [](const EnergyReport& energy) { return named<Component>(energy.total.parts); }, "J",
        "together `energy.joules`"),
};
static_assert(rows_are_complete<EnergyReport>());

template <>
inline constexpr auto kFigureRows<PartArea> = std::tuple{
    kept("logic", &PartArea::logic),
    kept("memory", &PartArea::memory),
    kept("phy", &PartArea::phy),
    kept("memory_bits", &PartArea::memory_bits),
    kept("overridden", &PartArea::overridden),
};
static_assert(rows_are_complete<PartArea>());

/// Of the parts that have an area.
inline NamedValues<SquareMillimetres> placed_parts(const ChipArea& area) {
  NamedValues<SquareMillimetres> parts;
  for (const auto& [part, name] : kEnumNames<Component>) {
    if (area.part(part).total() > SquareMillimetres(0)) {
      parts.emplace_back(name, area.part(part).total());
    }
  }
  return parts;
}

template <>
inline constexpr auto kFigureRows<ChipArea> = std::tuple{
    kept_by<Component>("parts", &ChipArea::parts),
    derived<ChipArea>(
        "obtained", [](const ChipArea&) { return Obtained::Modelled; }, "", "how"),
    figure("die_mm2", &ChipArea::die, "mm2", "the parts and the share without one"),
    derived<ChipArea>(
        "reticle_share", [](const ChipArea& area) { return area.die / kReticle; }, "",
        "of the largest field of a scanner"),
    figure("unplaced_mm2", &ChipArea::unplaced, "mm2", "without a part"),
    derived<ChipArea>("parts_mm2", &placed_parts, "mm2", "of those that have an area"),
};
static_assert(rows_are_complete<ChipArea>());

}  // namespace systole
