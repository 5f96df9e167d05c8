#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace systole {

inline constexpr std::int64_t kKibi = 1024;

/// One spelling of a unit and how many base units it is.
struct UnitName {
  std::string_view name;
  std::int64_t factor = 1;
};

/// A kind of quantity in a configuration file: what messages call it and the units it takes,
/// the base unit first.
struct QuantityUnits {
  std::string_view noun;  ///< with its article: "a size"
  std::span<const UnitName> units;
};

extern const QuantityUnits kSizeUnits;       // bytes
extern const QuantityUnits kFrequencyUnits;  // hertz
extern const QuantityUnits kBandwidthUnits;  // bytes per second
extern const QuantityUnits kDurationUnits;   // femtoseconds
extern const QuantityUnits kCycleUnits;      // cycles
extern const QuantityUnits kVoltageUnits;    // microvolts
extern const QuantityUnits kCurrentUnits;    // microamperes
extern const QuantityUnits kEnergyUnits;     // femtojoules

enum class QuantityFault : std::uint8_t {
  None,
  Malformed,  ///< not `NUMBER UNIT` with one space and a known unit
  Inexact,    ///< not a whole number of base units
  TooLarge,   ///< beyond 64 bits
};

struct ParsedQuantity {
  std::int64_t count = 0;  ///< in base units
  QuantityFault fault = QuantityFault::None;
};

/// Reads `937.5 ps` exactly: digits, an optional decimal fraction, one space, a unit. No sign, no
/// leading zeros, no exponent. Nothing is ever rounded.
[[nodiscard]] ParsedQuantity parse_quantity(std::string_view text, const QuantityUnits& kind);

/// The count in the largest unit that divides it: 24 MiB, 937500 fs.
[[nodiscard]] std::string print_quantity(std::int64_t count, const QuantityUnits& kind);

/// `B, kB or MB`: the units in a sentence.
[[nodiscard]] std::string unit_list(const QuantityUnits& kind);

/// Decimal digits with an optional leading '-'; nothing for leading zeros, `-0`, `+1`, `1e3`, or a
/// value beyond 64 bits.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);

/// An optional '-', digits, an optional fraction and exponent; finite. Nothing for leading zeros,
/// hexadecimal, infinity, not-a-number, or a value beyond a double.
[[nodiscard]] std::optional<double> parse_real(std::string_view text);

}  // namespace systole
