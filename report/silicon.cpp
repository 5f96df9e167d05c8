#include "report/silicon.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "report/format.h"
#include "report/labelled.h"
#include "report/table.h"

namespace systole {

namespace {

using Align = Column::Align;

constexpr double kMillion = 1e6;

std::string joules(Joules energy) {
  return engineering(energy.count(), "J");
}
std::string watts(Watts power) {
  return engineering(power.count(), "W");
}
std::string usd(double amount) {
  return amount < 1000.0 ? fmt::format("{:.4g} $", amount) : scaled_real(amount, "$");
}
std::string mm2(SquareMillimetres area) {
  return fmt::format("{:.1f} mm2", area.count());
}

std::string component_table(const EnergyReport& energy, const TextOptions& options) {
  Table table({{"energy by component", Align::Left}, {"energy"}, {"power"}, {"share"}});
  const double total = energy.total.total().count();
  const auto row = [&](std::string name, Joules part) {
    const double share = ratio(part.count(), total);
    table.add({std::move(name), joules(part), watts(energy.average_power * share),
               percent(share) + " %"});
  };
  for (const auto& [component, name] : kEnumNames<Component>) {
    const Joules part = energy.total.of(component);
    if (part > Joules(0)) {
      row(fmt::format("  {}", name), part);
    }
  }
  row("  together", energy.total.total());
  return table.print(options.width, options.colour);
}

std::string energy_block(const Result& result, const TextOptions& options) {
  const EnergyReport& energy = *result.energy;
  std::string text = '\n' + styled("energy", Style::Heading, options.colour) +
                     fmt::format(" ({}; counts simulated, energies modelled)\n",
                                 result.chip.silicon->technology.name);
  const Joules total = energy.total.total();
  text += labelled_lines(
      "energy",
      fmt::format("{}, {} {}; {:.3g} TOPS/W, {:.3g} J s", joules(total),
                  joules(energy.per_inference), result.training ? "a sample" : "an inference",
                  energy.tops_per_watt, energy.energy_delay_product),
      options.width);
  text +=
      labelled_lines("power",
                     fmt::format("{} on average, {} % of the TDP of {}; peak {}, {} %; idle {}, {}",
                                 watts(energy.average_power),
                                 percent(energy.average_power / energy.tdp), watts(energy.tdp),
                                 watts(energy.peak_power), percent(energy.peak_power / energy.tdp),
                                 watts(energy.idle_power), name_of(result.chip.silicon->idle)),
                     options.width);
  text += labelled_lines("uncertainty",
                         fmt::format("{} with the other published scaling of logic energy",
                                     joules(energy.total_other_scaling)),
                         options.width);
  return text + '\n' + component_table(energy, options);
}

std::string way_cell(const std::optional<Usd>& per_inference) {
  return per_inference ? usd(per_inference->count() * kMillion) : "-";
}

std::string volume_text(const std::optional<double>& volume) {
  return volume ? scaled(static_cast<std::int64_t>(std::ceil(*volume))) + " chips"
                : std::string("no volume");
}

std::string break_even_text(const CostReport& cost) {
  std::string text = fmt::format(
      "building beats buying from {} ({} with the design cost counted "
      "from below)",
      volume_text(cost.break_even_volume), volume_text(cost.break_even_volume_bottom_up));
  return text;
}

std::string rent_text(const CostReport& cost) {
  const std::string hours =
      cost.break_even_hours_rent
          ? fmt::format("owning beats renting from {} hours of work",
                        grouped(static_cast<std::int64_t>(std::ceil(*cost.break_even_hours_rent))))
          : std::string("owning never beats renting");
  return fmt::format("{}; building from {}", hours, volume_text(cost.break_even_volume_rent));
}

std::string sensitivity_text(const CostReport& cost) {
  constexpr std::size_t kShown = 3;
  std::string text;
  for (std::size_t index = 0; index < std::min(kShown, cost.sensitivity.size()); ++index) {
    const Swing& swing = cost.sensitivity[index];
    text += fmt::format("{}{} ({}..{})", index == 0 ? "" : ", ", swing.name,
                        usd(std::min(swing.at_low, swing.at_high) * kMillion),
                        usd(std::max(swing.at_low, swing.at_high) * kMillion));
  }
  return text;
}

std::string cost_block(const Result& result, const TextOptions& options) {
  const CostReport& cost = *result.cost;
  std::string text =
      '\n' + styled("cost", Style::Heading, options.colour) +
      fmt::format(" (prices '{}' of {}; modelled)\n", on_one_line(result.chip.cost->prices.name),
                  on_one_line(result.chip.cost->prices.date));
  Table table({{"  way to have it", Align::Left},
               {"$/hour"},
               {"device"},
               {"site"},
               {"electricity"},
               {result.training ? "$/million samples" : "$/million inferences"}});
  const auto row = [&](std::string_view name, const Way& way) {
    const auto cell = [](UsdPerHour price) { return fmt::format("{:.4g}", price.count()); };
    table.add({fmt::format("  {}", name), cell(way.hourly.total()),
               cell(way.hourly.device + way.hourly.rent), cell(way.hourly.site),
               cell(way.hourly.electricity), way_cell(way.per_inference)});
  };
  row(fmt::format("own, bought at {}", usd(cost.price.count())), cost.own);
  if (cost.rent) {
    row("rent", *cost.rent);
  }
  row(fmt::format("build {}", scaled(cost.volume)), cost.build);
  text += table.print(options.width, options.colour);
  text += labelled_lines("break even", break_even_text(cost), options.width);
  text += labelled_lines("", cost.rent ? rent_text(cost) : "no cloud price is known for this chip",
                         options.width);
  if (!cost.sensitivity.empty()) {
    text += labelled_lines("most uncertain", sensitivity_text(cost), options.width);
  }
  return text;
}

std::string area_block(const ChipSpec& chip, const ChipArea& area, bool colour) {
  Table table({{"area by part", Align::Left}, {"mm2"}, {"of the die"}});
  const auto row = [&](std::string name, SquareMillimetres part) {
    table.add(
        {std::move(name), fmt::format("{:.2f}", part.count()), percent(part / area.die) + " %"});
  };
  for (const auto& [part, name] : kEnumNames<Component>) {
    if (area.part(part).total() > SquareMillimetres(0)) {
      row(fmt::format("  {}{}", name, area.part(part).overridden ? " (given)" : ""),
          area.part(part).total());
    }
  }
  row("  unplaced", area.unplaced);
  row("  die", area.die);
  const double reticle = area.die / kReticle;
  return '\n' + styled("area", Style::Heading, colour) +
         fmt::format(" ({}; modelled): {}, {} % of the reticle{}\n", chip.silicon->technology.name,
                     mm2(area.die), percent(reticle),
                     reticle > 1.0 ? ", larger than one exposure" : "") +
         table.print(kReportWidth, colour);
}

std::string power_block(const ChipSpec& chip, bool colour) {
  std::string text = '\n' + styled("power", Style::Heading, colour) + " (modelled)\n";
  text += labelled_lines("TDP", watts(chip.silicon->tdp));
  text += labelled_lines("idle",
                         fmt::format("{}, {}", engineering(idle_second(chip).total().count(), "W"),
                                     name_of(chip.silicon->idle)));
  text += labelled_lines("full load",
                         fmt::format("{}, every unit at its full rate at once",
                                     engineering(full_load_second(chip).total().count(), "W")));
  return text;
}

std::string action_block(const ChipSpec& chip, const ChipArea& area, bool colour) {
  const EnergyTable energies = energy_table(chip, area);
  Table table({{"energy of an action", Align::Left}, {"energy"}, {"", Align::Left}});
  for (int index = 0; index < kActionCount; ++index) {
    const auto action = static_cast<Action>(index);
    const ActionName name = action_name(action);
    if (energies.of(action) > 0.0) {
      constexpr double kPico = 1e-12;
      const std::string& origin = energies.origin[static_cast<std::size_t>(index)];
      table.add({fmt::format("  {}.{}", name_of(name.owner), name.name),
                 engineering(energies.of(action) * kPico, "J"),
                 origin.empty() ? "" : "given at " + on_one_line(origin)});
    }
  }
  const Technology& technology = chip.silicon->technology;
  return '\n' + table.print(kReportWidth, colour) +
         labelled_lines(
             "uncertainty",
             fmt::format("x {:.3g} by the other published scaling from node to node; memories "
                         "within {} % of published points",
                         technology.other_scaling, percent(technology.sram.error)));
}

/// What it costs to make one, and to make the first; no run is needed.
std::string making_block(const ChipSpec& chip, const ChipArea& area, bool colour) {
  constexpr double kBytesPerGigabyte = 1e9;
  const CostReport cost = cost_report(
      *chip.cost, {.technology = chip.silicon->technology.name,
                   .die = area.die,
                   .memory_gb = static_cast<double>(chip.dram.capacity.count()) / kBytesPerGigabyte,
                   .tdp = chip.silicon->tdp});
  std::string text =
      '\n' + styled("cost", Style::Heading, colour) +
      fmt::format(" (prices '{}' of {}; modelled)\n", on_one_line(chip.cost->prices.name),
                  on_one_line(chip.cost->prices.date));
  text += labelled_lines(
      "good die", fmt::format("{}: {:.1f} dies a wafer, {} % yield", usd(cost.unit.die.count()),
                              cost.die.dies_per_wafer, percent(cost.die.yield)));
  text += labelled_lines(
      "unit", fmt::format("{}: packaged and tested {}, memory {}, board {}",
                          usd(cost.unit.total().count()), usd(cost.unit.packaged().count()),
                          usd(cost.unit.memory.count()), usd(cost.unit.board.count())));
  text += labelled_lines(
      "design",
      fmt::format("{} from above, {} from below; {} chips", usd(cost.nre_top_down.count()),
                  usd(cost.nre_bottom_up.total().count()), scaled(cost.volume)));
  return text;
}

std::vector<Fact> silicon_facts(const ChipSpec& chip) {
  std::vector<Fact> facts;
  const auto add = [&facts](std::string_view name, const std::vector<Fact>& from) {
    for (Fact fact : from) {
      fact.path = fmt::format("{}.{}", name, fact.path);
      facts.push_back(std::move(fact));
    }
  };
  const SiliconSpec& silicon = *chip.silicon;
  add(silicon.technology.name, silicon.technology.facts);
  add(silicon.dram_port.name, silicon.dram_port.facts);
  add(silicon.host_port.name, silicon.host_port.facts);
  if (chip.cost) {
    add(chip.cost->prices.name, chip.cost->prices.facts);
  }
  return facts;
}

}  // namespace

std::string silicon_text(const Result& result, const TextOptions& options) {
  if (!result.energy && result.chip.fpga) {
    return {};  // the card's power and price are its own block
  }
  if (!result.energy) {
    return "\nenergy and cost: not known, as the chip names no technology\n";
  }
  std::string text = energy_block(result, options);
  text += result.cost ? cost_block(result, options)
                      : "\ncost: not known, as the chip has no section 'cost'\n";
  return text;
}

std::vector<Fact> all_facts(const ChipSpec& chip) {
  std::vector<Fact> facts = chip.facts;
  if (chip.silicon) {
    const std::vector<Fact> more = silicon_facts(chip);
    facts.insert(facts.end(), more.begin(), more.end());
  }
  return facts;
}

std::string describe_silicon(const ChipSpec& chip, const TextOptions& options) {
  if (!chip.silicon) {
    return {};
  }
  const ChipArea area = chip_area(chip);
  std::string text = area_block(chip, area, options.colour) + power_block(chip, options.colour);
  text += action_block(chip, area, options.colour);
  if (chip.cost) {
    text += making_block(chip, area, options.colour);
  }
  return text + "\nconstants of technology, interfaces and prices\n" +
         fact_table(silicon_facts(chip), options);
}

}  // namespace systole
