#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace systole {

/// One spelling of a unit and how many base units it is.
struct MeasureUnit {
  std::string_view name;
  double factor = 1.0;
};

/// A kind of figure that is reported and never counted with, hence a double: energies of an action,
/// areas, prices. Counts and times are quantities (quantity_text.h). The base unit stands first.
struct MeasureUnits {
  std::string_view noun;  ///< with its article: "an energy"
  std::span<const MeasureUnit> units;
};

extern const MeasureUnits kPicojouleUnits;       // fJ pJ nJ
extern const MeasureUnits kPicojouleBitUnits;    // fJ/bit pJ/bit
extern const MeasureUnits kWireUnits;            // pJ/bit/mm
extern const MeasureUnits kWattUnits;            // uW mW W kW
extern const MeasureUnits kAreaUnits;            // um2 mm2
extern const MeasureUnits kWattsPerAreaUnits;    // W/mm2
extern const MeasureUnits kWattsPerMebiUnits;    // W/MiB
extern const MeasureUnits kDensityUnits;         // MTr/mm2
extern const MeasureUnits kTransistorUnits;      // MTr
extern const MeasureUnits kNodeUnits;            // nm
extern const MeasureUnits kLengthUnits;          // mm
extern const MeasureUnits kVoltUnits;            // V
extern const MeasureUnits kDefectUnits;          // /cm2
extern const MeasureUnits kUsdUnits;             // USD, k, M
extern const MeasureUnits kUsdPerHourUnits;      // USD/h
extern const MeasureUnits kUsdPerKwhUnits;       // USD/kWh
extern const MeasureUnits kUsdPerWattUnits;      // USD/W
extern const MeasureUnits kUsdPerAreaUnits;      // USD/mm2
extern const MeasureUnits kUsdPerGigabyteUnits;  // USD/GB
extern const MeasureUnits kYearUnits;            // years

/// Reads `0.152 pJ`: a number as parse_real takes it, one space, a unit. Nothing for anything else.
[[nodiscard]] std::optional<double> parse_measure(std::string_view text, const MeasureUnits& kind);

/// In the base unit: `0.152 pJ`.
[[nodiscard]] std::string print_measure(double value, const MeasureUnits& kind);

/// `fJ, pJ or nJ`: the units in a sentence, the base unit first.
[[nodiscard]] std::string unit_list(const MeasureUnits& kind);

}  // namespace systole
