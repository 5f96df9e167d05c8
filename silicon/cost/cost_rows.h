#pragma once

#include <optional>

#include "arch/figure_rows.h"
#include "silicon/cost/cost_report.h"

namespace systole {

// The tables of what a chip costs (arch/figure_rows.h).

template <>
inline constexpr auto kFigureRows<DieCost> = std::tuple{
    kept("dies_per_wafer", &DieCost::dies_per_wafer),
    kept("yield", &DieCost::yield),
    kept("good_die", &DieCost::good_die),
};
static_assert(rows_are_complete<DieCost>());

/// The die as reports show it, with its area.
struct DieOfReport {
  SquareMillimetres area{0};
  DieCost cost;
};

template <>
inline constexpr auto kFigureRows<DieOfReport> = std::tuple{
    figure("mm2", &DieOfReport::area, "mm2", "the die"),
    derived<DieOfReport>(
        "per_wafer", [](const DieOfReport& die) { return die.cost.dies_per_wafer; }, "",
        "dies on a wafer"),
    derived<DieOfReport>(
        "yield", [](const DieOfReport& die) { return die.cost.yield; }, "",
        "share of them without a defect"),
    derived<DieOfReport>(
        "good_die_usd", [](const DieOfReport& die) { return die.cost.good_die; }, "USD",
        "one of these"),
};

template <>
inline constexpr auto kFigureRows<UnitCost> = std::tuple{
    figure("die", &UnitCost::die, "USD", "good die"),
    figure("test", &UnitCost::test, "USD", "probing and final test"),
    figure("interposer", &UnitCost::interposer, "USD", "with its micro bumps"),
    figure("package", &UnitCost::package, "USD", "substrate, bumps, assembly"),
    figure("scrap", &UnitCost::scrap, "USD", "that bonding destroys"),
    figure("memory", &UnitCost::memory, "USD", "of the board"),
    figure("board", &UnitCost::board, "USD", "card, cooler, regulators"),
    derived<UnitCost>(
        "total", [](const UnitCost& unit) { return unit.total(); }, "USD", "of one chip"),
};
static_assert(rows_are_complete<UnitCost>());

template <>
inline constexpr auto kFigureRows<BottomUpNre> = std::tuple{
    kept("masks", &BottomUpNre::masks),       kept("ip", &BottomUpNre::ip),
    kept("frontend", &BottomUpNre::frontend), kept("backend", &BottomUpNre::backend),
    kept("package", &BottomUpNre::package),
};
static_assert(rows_are_complete<BottomUpNre>());

template <>
inline constexpr auto kFigureRows<HourlyCost> = std::tuple{
    kept("device", &HourlyCost::device),
    kept("site", &HourlyCost::site),
    kept("electricity", &HourlyCost::electricity),
    kept("rent", &HourlyCost::rent),
};
static_assert(rows_are_complete<HourlyCost>());

inline std::optional<double> usd_per_million(const Way& way) {
  constexpr double kMillion = 1e6;
  return way.per_inference ? std::optional(way.per_inference->count() * kMillion) : std::nullopt;
}

template <>
inline constexpr auto kFigureRows<Way> = std::tuple{
    kept("hourly", &Way::hourly),
    derived<Way>(
        "usd_per_hour", [](const Way& way) { return way.hourly.total(); }, "USD/h", "all of it"),
    derived<Way>(
        "device_usd_per_hour", [](const Way& way) { return way.hourly.device; }, "USD/h",
        "device and server"),
    derived<Way>(
        "site_usd_per_hour", [](const Way& way) { return way.hourly.site; }, "USD/h", "building"),
    derived<Way>(
        "electricity_usd_per_hour", [](const Way& way) { return way.hourly.electricity; }, "USD/h",
        "at the wall"),
    derived<Way>(
        "rent_usd_per_hour", [](const Way& way) { return way.hourly.rent; }, "USD/h",
        "where it is rented"),
    figure("usd_per_inference", &Way::per_inference, "USD", "null where nothing is computed"),
    derived<Way>("usd_per_million", &usd_per_million, "USD", "of a million inferences"),
};
static_assert(rows_are_complete<Way>());

template <>
inline constexpr auto kFigureRows<Swing> = std::tuple{
    figure("input", &Swing::name, "", "of the price set"),
    figure("usd_per_inference_at_low", &Swing::at_low, "USD", "at the low end of its range"),
    figure("usd_per_inference_at_high", &Swing::at_high, "USD", "at the high end"),
};
static_assert(rows_are_complete<Swing>());

template <>
inline constexpr auto kFigureRows<CostReport> = std::tuple{
    kept("die_area", &CostReport::die_area),
    kept("die_cost", &CostReport::die),
    derived<CostReport>(
        "die",
        [](const CostReport& cost) {
          return DieOfReport{cost.die_area, cost.die};
        },
        "", "the die"),
    figure("unit_usd", &CostReport::unit, "USD", "of one chip with its memory and board"),
    figure("price_usd", &CostReport::price, "USD", "of a chip that others sell"),
    figure("nre_top_down_usd", &CostReport::nre_top_down, "USD", "design, counted from above"),
    kept("nre_bottom_up", &CostReport::nre_bottom_up),
    derived<CostReport>(
        "nre_bottom_up_usd", [](const CostReport& cost) { return cost.nre_bottom_up.total(); },
        "USD", "and from below"),
    figure("volume", &CostReport::volume, "", "chips made"),
    figure("utilisation", &CostReport::utilisation, "", "share of the hours in which one works"),
    figure("own", &CostReport::own, "USD", "bought"),
    figure("rent", &CostReport::rent, "USD", "in a cloud"),
    figure("build", &CostReport::build, "USD", "made"),
    figure("break_even_volume", &CostReport::break_even_volume, "",
           "from which building beats buying"),
    figure("break_even_volume_bottom_up", &CostReport::break_even_volume_bottom_up, "",
           "the same with the design counted from below"),
    figure("break_even_volume_rent", &CostReport::break_even_volume_rent, "",
           "from which building beats renting"),
    figure("break_even_hours_rent", &CostReport::break_even_hours_rent, "h",
           "of work from which owning beats renting"),
    figure("sensitivity", &CostReport::sensitivity, "USD", "widest first"),
};
static_assert(rows_are_complete<CostReport>());

}  // namespace systole
