#include "arch/config/number_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "arch/config/quantity_text.h"

namespace systole {

namespace {

const FormulaUnit* unit_named(std::string_view name) {
  const std::vector<FormulaUnit>& units = formula_units();
  const auto found = std::find_if(units.begin(), units.end(),
                                  [&](const FormulaUnit& unit) { return unit.name == name; });
  return found == units.end() ? nullptr : &*found;
}

/// Of `pJ/bit` that of pJ; 1 for what is not listed.
double factor_of(std::string_view unit) {
  const FormulaUnit* known = unit_named(unit.substr(0, unit.find('/')));
  return known == nullptr ? 1.0 : known->factor;
}

}  // namespace

const std::vector<FormulaUnit>& formula_units() {
  static const std::vector<FormulaUnit> units{
      {"B", 1},
      {"KiB", kKibi},
      {"MiB", kKibi * kKibi},
      {"GiB", kKibi * kKibi * kKibi},
      {"TiB", kKibi * kKibi * kKibi * kKibi},
      {"kB", 1e3},
      {"MB", 1e6},
      {"GB", 1e9},
      {"Hz", 1},
      {"kHz", 1e3},
      {"MHz", 1e6},
      {"GHz", 1e9},
      {"s", 1},
      {"ms", 1e-3},
      {"us", 1e-6},
      {"ns", 1e-9},
      {"ps", 1e-12},
      {"fs", 1e-15},
      {"J", 1},
      {"mJ", 1e-3},
      {"uJ", 1e-6},
      {"nJ", 1e-9},
      {"pJ", 1e-12},
      {"fJ", 1e-15},
      {"W", 1},
      {"kW", 1e3},
      {"mW", 1e-3},
      {"uW", 1e-6},
      {"mm2", 1},
      {"um2", 1e-6},
      {"USD", 1},
      {"cycles", 1},
      {"cycle", 1},
      {"MTr", 1},
      {"years", 1},
      {"V", 1},
      {"mV", 1e-3},
  };
  return units;
}

std::optional<double> number_of(std::string_view text) {
  const std::size_t space = text.find(' ');
  const std::optional<double> number = parse_real(text.substr(0, space));
  if (!number) {
    return std::nullopt;
  }
  return space == std::string_view::npos ? *number : *number * factor_of(text.substr(space + 1));
}

std::string unit_of(std::string_view text) {
  const std::size_t space = text.find(' ');
  const bool is_number = parse_real(text.substr(0, space)).has_value();
  return space == std::string_view::npos || !is_number ? "" : std::string(text.substr(space + 1));
}

std::string number_text(double number, std::string_view unit) {
  const std::string digits =
      fmt::format("{:.12g}", unit.empty() ? number : number / factor_of(unit));
  return unit.empty() ? digits : fmt::format("{} {}", digits, unit);
}

}  // namespace systole
