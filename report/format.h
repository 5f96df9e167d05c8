#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "arch/units/shares.h"

namespace systole {

// Numbers as text, the same on every machine: no locale, no wall clock. Decimal prefixes
// (k = 1000) for rates and traffic, so that bytes over time can be checked by eye.

/// `1,234,567`
[[nodiscard]] std::string grouped(std::int64_t value);
/// Four significant digits and a decimal prefix: `118.0 M`, `12` (whole numbers below 1000 stay as
/// they are). At most seven characters up to 999.9 E.
[[nodiscard]] std::string scaled(std::int64_t value);
/// The same with a unit: `23.52 MB`, `12 B`.
[[nodiscard]] std::string scaled(std::int64_t value, std::string_view unit);
/// The same for figures that are no counts: `91.75 TOPS` from 91.75e12 and "OPS".
[[nodiscard]] std::string scaled_real(double value, std::string_view unit);
/// The same without trailing zeros, for figures given in advance: `700 MHz`, `34.13 GB/s`.
[[nodiscard]] std::string nominal(double value, std::string_view unit);
/// Powers of two: `24 MiB`, `1.5 KiB`, `12 B`; exact, hence as many decimals as it takes up to 3.
[[nodiscard]] std::string binary_bytes(std::int64_t bytes);
/// `1.764 ms`; units s, ms, us, ns.
[[nodiscard]] std::string duration(double seconds);
/// Four significant digits and a prefix from p to T, for figures that may be small: `320.1 uJ`.
[[nodiscard]] std::string engineering(double value, std::string_view unit);
/// One decimal: `45.3`. `share` is 0..1; 0 where the whole is 0.
[[nodiscard]] std::string percent(double share);

/// Columns of a terminal that valid UTF-8 text takes, one per code point (double-width characters
/// are not modelled).
[[nodiscard]] std::size_t display_width(std::string_view text);
/// Control characters and malformed UTF-8 become `?`, so that one name stays on one line.
[[nodiscard]] std::string on_one_line(std::string_view text);
/// At most `width` columns: the middle gives way to `...`, because names differ at both ends.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t width);

/// Words of `text` on lines of at most `width` columns, continuation lines indented.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);

}  // namespace systole
