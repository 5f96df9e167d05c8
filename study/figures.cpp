#include "study/figures.h"

#include <algorithm>

#include <fmt/format.h>

#include "arch/fpga/fpga_power.h"
#include "arch/fpga/fpga_use.h"
#include "study/compare_chip.h"
#include "study/run_figures.h"

namespace systole {

namespace {

constexpr double kMillion = 1e6;

/// Collects figures under a path of keys.
class Figures {
 public:
  explicit Figures(std::vector<Figure>& figures, std::string path = "")
      : figures_(&figures), path_(std::move(path)) {}

  [[nodiscard]] Figures in(std::string_view key) const {
    return Figures(*figures_, fmt::format("{}{}.", path_, key));
  }
  void add(std::string_view key, double value, std::string_view unit = "") {
    figures_->push_back({fmt::format("{}{}", path_, key), value, unit});
  }
  void add(std::string_view key, std::int64_t value, std::string_view unit = "") {
    add(key, static_cast<double>(value), unit);
  }
  template <class Unit, class Rep>
  void add(std::string_view key, Quantity<Unit, Rep> value, std::string_view unit) {
    add(key, value.count(), unit);
  }
  template <class Value>
  void add(std::string_view key, const std::optional<Value>& value, std::string_view unit) {
    if (value) {
      add(key, *value, unit);
    }
  }

 private:
  std::vector<Figure>* figures_;
  std::string path_;
};

void add_total(Figures to, const Result& result) {
  const RunFigures figures = run_figures(result);
  to.add("cycles", result.counters.elapsed, "cycles");
  to.add("seconds", figures.seconds, "s");
  to.add("inferences_per_second", figures.inferences_per_second, "1/s");
  to.add("macs", figures.macs, "MAC");
  to.add("utilisation", figures.utilisation);
  to.add("tops", figures.tops, "TOPS");
  to.add("peak_tops", figures.peak_tops, "TOPS");
  Figures roofline = to.in("roofline");
  roofline.add("compute_cycles", figures.roofline.compute, "cycles");
  roofline.add("memory_cycles", figures.roofline.memory, "cycles");
  roofline.add("cycles", figures.roofline.cycles(), "cycles");
  roofline.add("compulsory_dram_bytes", compulsory_bytes(result.graph, result.chip.io), "B");
  roofline.add("fraction", figures.roofline_fraction);
}

void add_engines(Figures to, const Counters& counters) {
  for (const auto& [engine, engine_name] : kEnumNames<Engine>) {
    Figures causes = to.in("engines").in(engine_name);
    for (const auto& [cause, cause_name] : kEnumNames<Cause>) {
      causes.add(cause_name, counters.engine(engine)[cause], "cycles");
    }
  }
  for (const auto& [engine, engine_name] : kEnumNames<Engine>) {
    to.in("instructions").add(engine_name, counters.engine(engine).instructions);
  }
}

void add_dram(Figures to, const Result& result) {
  const RunFigures figures = run_figures(result);
  const DramCounters& dram = result.counters.dram;
  to.add("activates", dram.activates);
  to.add("precharges", dram.precharges);
  to.add("reads", dram.reads);
  to.add("writes", dram.writes);
  to.add("refreshes", dram.refreshes);
  to.add("bank_refreshes", dram.bank_refreshes);
  to.add("forwarded_reads", dram.forwarded);
  to.add("merged_writes", dram.merged);
  to.add("row_hits", dram.row_hits);
  to.add("row_misses", dram.row_misses);
  to.add("row_conflicts", dram.row_conflicts);
  to.add("read_bytes", dram.read_bytes, "B");
  to.add("write_bytes", dram.write_bytes, "B");
  to.add("data_bus_busy_cycles", dram.data_bus_busy, "DRAM cycles");
  to.add("active_power_down_cycles", dram.active_power_down, "DRAM cycles");
  to.add("precharged_power_down_cycles", dram.precharged_power_down, "DRAM cycles");
  to.add("bytes_per_second", figures.dram_bandwidth, "B/s");
  to.add("peak_bytes_per_second", figures.dram_peak_bandwidth, "B/s");
  to.add("utilisation", figures.dram_utilisation);
  to.add("row_hit_rate", figures.row_hit_rate);
}

void add_actions(Figures to, const ActionCounters& actions) {
  to.add("macs", actions.macs, "MAC");
  for (const auto& [kind, name] : kEnumNames<MacKind>) {
    to.in("macs_of_kind").add(name, actions.macs_of_kind[static_cast<std::size_t>(kind)], "MAC");
  }
  to.add("mac_slots", actions.mac_slots, "PE cycles");
  to.add("folds", actions.folds);
  to.add("weight_tiles", actions.weight_tiles);
  to.add("weight_bytes", actions.weight_bytes, "B");
  to.add("buffer_reads", actions.buffer_reads);
  to.add("buffer_writes", actions.buffer_writes);
  to.add("accumulator_reads", actions.accumulator_reads);
  to.add("accumulator_writes", actions.accumulator_writes);
  to.add("vector_elements", actions.vector_elements);
  to.add("host_in_bytes", actions.host_in_bytes, "B");
  to.add("host_out_bytes", actions.host_out_bytes, "B");
}

void add_energy(Figures to, const EnergyReport& energy) {
  to.add("joules", energy.total.total(), "J");
  to.add("joules_per_inference", energy.per_inference, "J");
  to.add("joules_other_scaling", energy.total_other_scaling, "J");
  to.add("average_watts", energy.average_power, "W");
  to.add("peak_watts", energy.peak_power, "W");
  to.add("idle_watts", energy.idle_power, "W");
  to.add("tdp_watts", energy.tdp, "W");
  to.add("tops_per_watt", energy.tops_per_watt, "TOPS/W");
  to.add("energy_delay_product", energy.energy_delay_product, "J s");
  for (const auto& [component, name] : kEnumNames<Component>) {
    to.in("components").add(name, energy.total.of(component), "J");
  }
}

void add_area(Figures to, const ChipArea& area) {
  to.add("die_mm2", area.die, "mm2");
  to.add("reticle_share", area.die / kReticle);
  to.add("unplaced_mm2", area.unplaced, "mm2");
  for (const auto& [part, name] : kEnumNames<Component>) {
    if (area.part(part).total() > SquareMillimetres(0)) {
      to.in("parts_mm2").add(name, area.part(part).total(), "mm2");
    }
  }
}

void add_way(Figures to, const Way& way) {
  to.add("usd_per_hour", way.hourly.total(), "USD/h");
  to.add("device_usd_per_hour", way.hourly.device, "USD/h");
  to.add("site_usd_per_hour", way.hourly.site, "USD/h");
  to.add("electricity_usd_per_hour", way.hourly.electricity, "USD/h");
  to.add("rent_usd_per_hour", way.hourly.rent, "USD/h");
  if (way.per_inference) {
    to.add("usd_per_inference", *way.per_inference, "USD");
    to.add("usd_per_million", way.per_inference->count() * kMillion, "USD");
  }
}

void add_cost(Figures to, const CostReport& cost) {
  Figures die = to.in("die");
  die.add("mm2", cost.die_area, "mm2");
  die.add("per_wafer", cost.die.dies_per_wafer);
  die.add("yield", cost.die.yield);
  die.add("good_die_usd", cost.die.good_die, "USD");
  Figures unit = to.in("unit_usd");
  unit.add("die", cost.unit.die, "USD");
  unit.add("test", cost.unit.test, "USD");
  unit.add("interposer", cost.unit.interposer, "USD");
  unit.add("package", cost.unit.package, "USD");
  unit.add("scrap", cost.unit.scrap, "USD");
  unit.add("memory", cost.unit.memory, "USD");
  unit.add("board", cost.unit.board, "USD");
  unit.add("total", cost.unit.total(), "USD");
  to.add("price_usd", cost.price, "USD");
  to.add("nre_top_down_usd", cost.nre_top_down, "USD");
  to.add("nre_bottom_up_usd", cost.nre_bottom_up.total(), "USD");
  to.add("volume", cost.volume);
  to.add("utilisation", cost.utilisation);
  add_way(to.in("own"), cost.own);
  if (cost.rent) {
    add_way(to.in("rent"), *cost.rent);
  }
  add_way(to.in("build"), cost.build);
  to.add("break_even_volume", cost.break_even_volume, "");
  to.add("break_even_volume_bottom_up", cost.break_even_volume_bottom_up, "");
  to.add("break_even_volume_rent", cost.break_even_volume_rent, "");
  to.add("break_even_hours_rent", cost.break_even_hours_rent, "h");
}

void add_check(Figures to, const CheckResult& check) {
  to.add("passed", static_cast<std::int64_t>(check.passed()));
  to.add("tensors", check.tensors);
  to.add("elements", check.elements);
  to.add("mismatches", check.mismatches);
}

void add_resources(Figures to, const FpgaResources& use) {
  to.add("multipliers", use.multipliers);
  to.add("block_memories", use.block_memories);
  to.add("large_memories", use.large_memories);
  to.add("luts", use.luts);
  to.add("flip_flops", use.flip_flops);
}

void add_card(Figures to, const Result& result) {
  const FpgaPart& part = *result.chip.fpga;
  const std::vector<FpgaComponentUse> use = fpga_use(result.chip, part);
  add_resources(to.in("used"), total_of(use));
  add_resources(to.in("available"), part.available);
  for (const FpgaComponentUse& component : use) {
    add_resources(to.in("components").in(component.component), component.use);
  }
  const ComparedDevice row = compared_run(result);
  to.add("joules_per_inference", row.energy_per_inference(), "J");
  to.add("tops_per_watt", row.tops_per_watt(), "TOPS/W");
  to.add("price_usd", row.price, "USD");
  const FpgaPower power = fpga_power(result.chip, result.counters);
  Figures watts = to.in("watts");
  watts.add("total", power.total(), "W");
  watts.add("static", power.static_watts, "W");
  watts.add("fabric", power.fabric, "W");
  watts.add("products", power.multiply, "W");
  watts.add("memories", power.memory, "W");
  watts.add("dram", power.dram, "W");
  watts.add("tdp", part.tdp, "W");
}

}  // namespace

std::vector<Figure> figures_of(const Result& result) {
  std::vector<Figure> figures;
  Figures to(figures);
  to.add("batch", result.graph.batch);
  to.add("frequency_hz", result.chip.frequency, "Hz");
  add_total(to.in("total"), result);
  add_engines(to, result.counters);
  add_dram(to.in("dram"), result);
  add_actions(to.in("actions"), result.counters.actions);
  if (result.energy) {
    add_energy(to.in("energy"), *result.energy);
  }
  if (result.area) {
    add_area(to.in("area"), *result.area);
  }
  if (result.cost) {
    add_cost(to.in("cost"), *result.cost);
  }
  if (result.check) {
    add_check(to.in("check"), *result.check);
  }
  if (result.chip.fpga && result.counters.elapsed > CoreCycles(0)) {
    add_card(to.in("fpga"), result);
  }
  return figures;
}

std::optional<Figure> figure_named(const Result& result, std::string_view key) {
  std::vector<Figure> figures = figures_of(result);
  const auto found = std::find_if(figures.begin(), figures.end(),
                                  [&](const Figure& figure) { return figure.key == key; });
  return found == figures.end() ? std::nullopt : std::optional(std::move(*found));
}

}  // namespace systole
