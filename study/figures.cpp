#include "study/figures.h"

#include <algorithm>
#include <type_traits>

#include <fmt/format.h>

#include "silicon/fpga/fpga_power.h"
#include "silicon/fpga/fpga_use.h"
#include "study/compare_chip.h"
#include "study/figure_json.h"
#include "study/result_rows.h"

namespace systole {

namespace {

/// Collects the numbers of structs by their tables, under a path of keys.
class Figures {
 public:
  explicit Figures(std::vector<Figure>& figures) : figures_(&figures) {}

  template <class Value>
  void add(const std::string& path, const Value& value, std::string_view unit = "") {
    if constexpr (std::is_arithmetic_v<Value>) {
      figures_->push_back({path, static_cast<double>(value), unit});
    } else if constexpr (HasFigureRows<Value>) {
      add_rows(path, value);
    }  // texts, names and lists are no figures
  }
  template <class Unit, class Rep>
  void add(const std::string& path, const Quantity<Unit, Rep>& value, std::string_view unit) {
    add(path, value.count(), unit);
  }
  template <class Value>
  void add(const std::string& path, const std::optional<Value>& value, std::string_view unit) {
    if (value) {
      add(path, *value, unit);
    }
  }
  template <class Value>
  void add(const std::string& path, const NamedValues<Value>& values, std::string_view unit) {
    for (const auto& [name, value] : values) {
      add(fmt::format("{}.{}", path, name), value, unit);
    }
  }

 private:
  template <class Struct>
  void add_rows(const std::string& path, const Struct& from) {
    for_each_figure<Struct>([&](const auto& row) {
      if (!row.shown) {
        return;
      }
      using Row = std::remove_cvref_t<decltype(row)>;
      const std::string key =
          path.empty() ? std::string(row.key) : fmt::format("{}.{}", path, row.key);
      if constexpr (IsRowBy<Row>) {
        add(key, named<typename Row::Index>(value_of(row, from)), row.unit);
      } else {
        add(key, value_of(row, from), row.unit);
      }
    });
  }

  std::vector<Figure>* figures_;
};

void add_card(Figures& to, const Result& result) {
  const FpgaPart& part = *result.chip.fpga;
  const std::vector<FpgaComponentUse> use = fpga_use(result.chip, part);
  to.add("fpga.used", total_of(use));
  to.add("fpga.available", part.available);
  for (const FpgaComponentUse& component : use) {
    to.add("fpga.components." + component.component, component.use);
  }
  const ComparedDevice row = compared_run(result);
  to.add("fpga.joules_per_inference", row.energy_per_inference(), "J");
  to.add("fpga.tops_per_watt", row.tops_per_watt(), "TOPS/W");
  to.add("fpga.price_usd", row.price, "USD");
  to.add("fpga.watts", fpga_power(result.chip, result.counters));
  to.add("fpga.watts.tdp", part.tdp, "W");
}

}  // namespace

std::vector<Figure> figures_of(const Result& result) {
  std::vector<Figure> figures;
  Figures to(figures);
  to.add("batch", result.graph.batch);
  to.add("frequency_hz", result.chip.frequency, "Hz");
  to.add("total", run_figures(result));
  to.add("llm", language_figures(result), "");
  for (const EngineId engine : result.counters.engines.engines()) {
    to.add(fmt::format("engines.{}", name_of(engine)),
           named<Cause>(result.counters.engine(engine).cycles), "cycles");
  }
  for (const EngineId engine : result.counters.engines.engines()) {
    to.add(fmt::format("instructions.{}", name_of(engine)),
           result.counters.engine(engine).instructions);
  }
  to.add("dram", result.counters.dram);
  to.add("dram", dram_rates(result));
  to.add("actions", result.counters.actions);
  to.add("energy", result.energy, "");
  to.add("area", result.area, "");
  to.add("cost", result.cost, "");
  to.add("check", result.check, "");
  to.add("comparison", result.comparison, "");
  to.add("made_by", result.made_by, "");
  to.add("training", training_figures(result), "");
  if (result.chip.fpga && result.counters.elapsed > CoreCycles(0)) {
    add_card(to, result);
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
