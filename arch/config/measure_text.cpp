#include "arch/config/measure_text.h"

#include <array>

#include <fmt/format.h>

#include "arch/config/quantity_text.h"

namespace systole {

namespace {

constexpr auto kPicojouleNames =
    std::to_array<MeasureUnit>({{"pJ", 1.0}, {"fJ", 1e-3}, {"nJ", 1e3}});
constexpr auto kPicojouleBitNames = std::to_array<MeasureUnit>({{"pJ/bit", 1.0}, {"fJ/bit", 1e-3}});
constexpr auto kWireNames = std::to_array<MeasureUnit>({{"pJ/bit/mm", 1.0}, {"fJ/bit/mm", 1e-3}});
constexpr auto kWattNames =
    std::to_array<MeasureUnit>({{"W", 1.0}, {"uW", 1e-6}, {"mW", 1e-3}, {"kW", 1e3}});
constexpr auto kAreaNames = std::to_array<MeasureUnit>({{"mm2", 1.0}, {"um2", 1e-6}});
constexpr auto kWattsPerAreaNames = std::to_array<MeasureUnit>({{"W/mm2", 1.0}, {"mW/mm2", 1e-3}});
constexpr auto kWattsPerMebiNames = std::to_array<MeasureUnit>({{"W/MiB", 1.0}, {"mW/MiB", 1e-3}});
constexpr auto kDensityNames = std::to_array<MeasureUnit>({{"MTr/mm2", 1.0}});
constexpr auto kTransistorNames = std::to_array<MeasureUnit>({{"MTr", 1.0}});
constexpr auto kNodeNames = std::to_array<MeasureUnit>({{"nm", 1.0}});
constexpr auto kLengthNames = std::to_array<MeasureUnit>({{"mm", 1.0}, {"um", 1e-3}});
constexpr auto kVoltNames = std::to_array<MeasureUnit>({{"V", 1.0}, {"mV", 1e-3}});
constexpr auto kDefectNames = std::to_array<MeasureUnit>({{"/cm2", 1.0}});
constexpr auto kUsdNames = std::to_array<MeasureUnit>({{"USD", 1.0}, {"kUSD", 1e3}, {"MUSD", 1e6}});
constexpr auto kUsdPerHourNames = std::to_array<MeasureUnit>({{"USD/h", 1.0}});
constexpr auto kUsdPerKwhNames = std::to_array<MeasureUnit>({{"USD/kWh", 1.0}});
constexpr auto kUsdPerWattNames = std::to_array<MeasureUnit>({{"USD/W", 1.0}});
constexpr auto kUsdPerAreaNames = std::to_array<MeasureUnit>({{"USD/mm2", 1.0}});
constexpr auto kUsdPerGigabyteNames = std::to_array<MeasureUnit>({{"USD/GB", 1.0}});
constexpr auto kYearNames = std::to_array<MeasureUnit>({{"years", 1.0}, {"year", 1.0}});

}  // namespace

const MeasureUnits kPicojouleUnits{.noun = "an energy", .units = kPicojouleNames};
const MeasureUnits kPicojouleBitUnits{.noun = "an energy a bit", .units = kPicojouleBitNames};
const MeasureUnits kWireUnits{.noun = "an energy of a wire", .units = kWireNames};
const MeasureUnits kWattUnits{.noun = "a power", .units = kWattNames};
const MeasureUnits kAreaUnits{.noun = "an area", .units = kAreaNames};
const MeasureUnits kWattsPerAreaUnits{.noun = "a power an area", .units = kWattsPerAreaNames};
const MeasureUnits kWattsPerMebiUnits{.noun = "a power of memory", .units = kWattsPerMebiNames};
const MeasureUnits kDensityUnits{.noun = "a density", .units = kDensityNames};
const MeasureUnits kTransistorUnits{.noun = "a number of transistors", .units = kTransistorNames};
const MeasureUnits kNodeUnits{.noun = "a process node", .units = kNodeNames};
const MeasureUnits kLengthUnits{.noun = "a length", .units = kLengthNames};
const MeasureUnits kVoltUnits{.noun = "a voltage", .units = kVoltNames};
const MeasureUnits kDefectUnits{.noun = "a density of defects", .units = kDefectNames};
const MeasureUnits kUsdUnits{.noun = "a price", .units = kUsdNames};
const MeasureUnits kUsdPerHourUnits{.noun = "a price an hour", .units = kUsdPerHourNames};
const MeasureUnits kUsdPerKwhUnits{.noun = "a price of electricity", .units = kUsdPerKwhNames};
const MeasureUnits kUsdPerWattUnits{.noun = "a price a watt", .units = kUsdPerWattNames};
const MeasureUnits kUsdPerAreaUnits{.noun = "a price an area", .units = kUsdPerAreaNames};
const MeasureUnits kUsdPerGigabyteUnits{.noun = "a price of memory", .units = kUsdPerGigabyteNames};
const MeasureUnits kYearUnits{.noun = "a number of years", .units = kYearNames};

std::optional<double> parse_measure(std::string_view text, const MeasureUnits& kind) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) {
    return std::nullopt;
  }
  const std::optional<double> number = parse_real(text.substr(0, space));
  if (!number) {
    return std::nullopt;
  }
  for (const MeasureUnit& unit : kind.units) {
    if (unit.name == text.substr(space + 1)) {
      return *number * unit.factor;
    }
  }
  return std::nullopt;
}

std::string print_measure(double value, const MeasureUnits& kind) {
  return fmt::format("{} {}", value, kind.units.front().name);
}

std::string unit_list(const MeasureUnits& kind) {
  std::string list;
  for (std::size_t index = 0; index < kind.units.size(); ++index) {
    if (index > 0) {
      list += index + 1 == kind.units.size() ? " or " : ", ";
    }
    list += kind.units[index].name;
  }
  return list;
}

}  // namespace systole
