#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace systole {

/// A unit as a whole number of base units.
struct UnitName {
  std::string_view name;
  std::int64_t factor = 1;
};

/// A kind of quantity: what to call it in messages, an example, and its units; the first unit is
/// the base unit.
struct QuantityKind {
  std::string_view what;     ///< "a size"
  std::string_view example;  ///< "24 MiB"
  std::span<const UnitName> units;
};

extern const QuantityKind kByteQuantity;       // B
extern const QuantityKind kFrequencyQuantity;  // Hz
extern const QuantityKind kBandwidthQuantity;  // B/s
extern const QuantityKind kDurationQuantity;   // fs
extern const QuantityKind kCycleQuantity;      // cycles

/// `24 MiB`, `34.1 GB/s`: a decimal number, one space, a unit. Exact: empty where the text is
/// malformed, the unit unknown, the value no whole number of base units or beyond int64.
[[nodiscard]] std::optional<std::int64_t> parse_quantity(std::string_view text,
                                                         const QuantityKind& kind);

/// Decimal digits with an optional '-'; no leading zeros, no '+', no exponent, no spaces.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);

/// A finite decimal number: digits, optional fraction, optional exponent, optional '-'.
[[nodiscard]] std::optional<double> parse_real(std::string_view text);

/// `a size such as 24 MiB (B, KiB, ...)`
[[nodiscard]] std::string expectation(const QuantityKind& kind);

}  // namespace systole
