#include "arch/config/quantity_text.h"

#include <array>
#include <charconv>
#include <numeric>

#include <fmt/format.h>

namespace systole {

namespace {

constexpr std::int64_t kKilo = 1000;

constexpr auto kSizes = std::to_array<UnitName>({
    {"B", 1},
    {"kB", kKilo},
    {"MB", kKilo* kKilo},
    {"GB", kKilo* kKilo* kKilo},
    {"KiB", kKibi},
    {"MiB", kKibi* kKibi},
    {"GiB", kKibi* kKibi* kKibi},
    {"TiB", kKibi* kKibi* kKibi* kKibi},
});

constexpr auto kFrequencies = std::to_array<UnitName>({
    {"Hz", 1},
    {"kHz", kKilo},
    {"MHz", kKilo* kKilo},
    {"GHz", kKilo* kKilo* kKilo},
});

constexpr auto kBandwidths = std::to_array<UnitName>({
    {"B/s", 1},
    {"kB/s", kKilo},
    {"MB/s", kKilo* kKilo},
    {"GB/s", kKilo* kKilo* kKilo},
    {"TB/s", kKilo* kKilo* kKilo* kKilo},
    {"KiB/s", kKibi},
    {"MiB/s", kKibi* kKibi},
    {"GiB/s", kKibi* kKibi* kKibi},
    {"TiB/s", kKibi* kKibi* kKibi* kKibi},
});

constexpr auto kDurations = std::to_array<UnitName>({
    {"fs", 1},
    {"ps", kKilo},
    {"ns", kKilo* kKilo},
    {"us", kKilo* kKilo* kKilo},
    {"ms", kKilo* kKilo* kKilo* kKilo},
});

constexpr auto kVoltages = std::to_array<UnitName>({
    {"uV", 1},
    {"mV", kKilo},
    {"V", kKilo* kKilo},
});

constexpr auto kCurrents = std::to_array<UnitName>({
    {"uA", 1},
    {"mA", kKilo},
    {"A", kKilo* kKilo},
});

constexpr auto kEnergies = std::to_array<UnitName>({
    {"fJ", 1},
    {"pJ", kKilo},
    {"nJ", kKilo* kKilo},
});

constexpr auto kCycles = std::to_array<UnitName>({{"cycles", 1}, {"cycle", 1}});

constexpr std::string_view kDigits = "0123456789";

/// Takes the leading digits off `text`.
std::string_view take_digits(std::string_view& text) {
  const std::size_t length = std::min(text.find_first_not_of(kDigits), text.size());
  const std::string_view digits = text.substr(0, length);
  text.remove_prefix(length);
  return digits;
}

bool is_whole_number(std::string_view digits) {
  return !digits.empty() && (digits.size() == 1 || digits.front() != '0');
}

/// A decimal number as written: 34.1 is whole "34", fraction "1".
struct Decimal {
  std::string_view whole;
  std::string_view fraction;  ///< trailing zeros removed
};

std::optional<Decimal> take_decimal(std::string_view& text) {
  Decimal decimal{.whole = take_digits(text), .fraction = {}};
  if (!is_whole_number(decimal.whole)) {
    return std::nullopt;
  }
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    decimal.fraction = take_digits(text);
    if (decimal.fraction.empty()) {
      return std::nullopt;
    }
    const std::size_t last = decimal.fraction.find_last_not_of('0');
    decimal.fraction = decimal.fraction.substr(0, last == std::string_view::npos ? 0 : last + 1);
  }
  return decimal;
}

std::optional<std::int64_t> digits_value(std::string_view digits) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return value;
}

/// decimal * factor, or why that is no int64. With the decimal as mantissa / 10^digits, the product
/// is whole exactly when the reduced denominator divides the factor.
ParsedQuantity scaled(const Decimal& decimal, std::int64_t factor) {
  constexpr std::size_t kMaxFraction = 18;  // 10^18 is the largest power of ten below 2^63
  if (!digits_value(decimal.whole)) {
    return {.fault = QuantityFault::TooLarge};
  }
  if (decimal.fraction.size() > kMaxFraction) {
    return {.fault = QuantityFault::Inexact};
  }
  std::int64_t denominator = 1;
  for (std::size_t digit = 0; digit < decimal.fraction.size(); ++digit) {
    denominator *= 10;
  }
  const auto mantissa = digits_value(std::string(decimal.whole) + std::string(decimal.fraction));
  if (!mantissa) {
    return {.fault = QuantityFault::Inexact};
  }
  const std::int64_t common = std::gcd(*mantissa, denominator);
  const std::int64_t reduced = denominator / common;
  if (factor % reduced != 0) {
    return {.fault = QuantityFault::Inexact};
  }
  ParsedQuantity result;
  if (__builtin_mul_overflow(*mantissa / common, factor / reduced, &result.count)) {
    return {.fault = QuantityFault::TooLarge};
  }
  return result;
}

}  // namespace

const QuantityUnits kSizeUnits{.noun = "a size", .units = kSizes};
const QuantityUnits kFrequencyUnits{.noun = "a frequency", .units = kFrequencies};
const QuantityUnits kBandwidthUnits{.noun = "a bandwidth", .units = kBandwidths};
const QuantityUnits kDurationUnits{.noun = "a time", .units = kDurations};
const QuantityUnits kCycleUnits{.noun = "a number of cycles", .units = kCycles};
const QuantityUnits kVoltageUnits{.noun = "a voltage", .units = kVoltages};
const QuantityUnits kCurrentUnits{.noun = "a current", .units = kCurrents};
const QuantityUnits kEnergyUnits{.noun = "an energy", .units = kEnergies};

ParsedQuantity parse_quantity(std::string_view text, const QuantityUnits& kind) {
  const std::optional<Decimal> decimal = take_decimal(text);
  if (!decimal || text.empty() || text.front() != ' ') {
    return {.fault = QuantityFault::Malformed};
  }
  text.remove_prefix(1);
  for (const UnitName& unit : kind.units) {
    if (unit.name == text) {
      return scaled(*decimal, unit.factor);
    }
  }
  return {.fault = QuantityFault::Malformed};
}

std::string print_quantity(std::int64_t count, const QuantityUnits& kind) {
  const UnitName* best = kind.units.data();
  for (const UnitName& unit : kind.units) {
    if (count != 0 && count % unit.factor == 0 && unit.factor > best->factor) {
      best = &unit;
    }
  }
  const bool is_single_cycle = count == 1 && kind.units.data() == kCycles.data();
  return fmt::format("{} {}", count / best->factor,
                     is_single_cycle ? std::string_view("cycle") : best->name);
}

std::string unit_list(const QuantityUnits& kind) {
  std::string list;
  for (std::size_t index = 0; index < kind.units.size(); ++index) {
    if (index > 0) {
      list += index + 1 == kind.units.size() ? " or " : ", ";
    }
    list += kind.units[index].name;
  }
  return list;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::string_view digits = text;
  const bool negative = !digits.empty() && digits.front() == '-';
  if (negative) {
    digits.remove_prefix(1);
  }
  const std::string_view whole = take_digits(digits);
  if (!digits.empty() || !is_whole_number(whole) || (negative && whole == "0")) {
    return std::nullopt;
  }
  return digits_value(text);
}

std::optional<double> parse_real(std::string_view text) {
  std::string_view rest = text;
  if (!rest.empty() && rest.front() == '-') {
    rest.remove_prefix(1);
  }
  if (!take_decimal(rest)) {
    return std::nullopt;
  }
  if (!rest.empty() && (rest.front() == 'e' || rest.front() == 'E')) {
    rest.remove_prefix(1);
    if (!rest.empty() && (rest.front() == '+' || rest.front() == '-')) {
      rest.remove_prefix(1);
    }
    if (take_digits(rest).empty()) {
      return std::nullopt;
    }
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (!rest.empty() || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

}  // namespace systole
