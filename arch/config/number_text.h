#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace systole {

/// A unit of formulas and how much of the base unit it is: seconds, bytes, hertz, joules, watts,
/// square millimetres, US dollars, years. Counts (`cycles`, `MTr`) are what they are.
struct FormulaUnit {
  std::string_view name;
  double factor = 1.0;
};

/// All of them. Those with a slash are written with one in formulas too: `1 GB / s`.
[[nodiscard]] const std::vector<FormulaUnit>& formula_units();

/// A value of a configuration file as formulas see it: `1 MiB` is 1048576, `5 us` is 5e-06. Nothing
/// for text.
[[nodiscard]] std::optional<double> number_of(std::string_view text);

/// The unit that a value is written with, empty where it has none: `MiB`.
[[nodiscard]] std::string unit_of(std::string_view text);

/// A number as a configuration file would have it, with that unit: (2097152, "MiB") is `2 MiB`.
/// Twelve significant digits, so that what was computed reads as what was meant.
[[nodiscard]] std::string number_text(double number, std::string_view unit);

}  // namespace systole
