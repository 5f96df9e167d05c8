#include "arch/config/quantity_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "arch/units/wide.h"

namespace systole {

namespace {

constexpr std::int64_t kKilo = 1'000;
constexpr std::int64_t kMega = 1'000'000;
constexpr std::int64_t kGiga = 1'000'000'000;
constexpr std::int64_t kTera = 1'000'000'000'000;
constexpr std::int64_t kKibi = std::int64_t{1} << 10;
constexpr std::int64_t kMebi = std::int64_t{1} << 20;
constexpr std::int64_t kGibi = std::int64_t{1} << 30;
constexpr std::int64_t kTebi = std::int64_t{1} << 40;

constexpr auto kByteUnits = std::to_array<UnitName>({{"B", 1},
                                                     {"kB", kKilo},
                                                     {"MB", kMega},
                                                     {"GB", kGiga},
                                                     {"TB", kTera},
                                                     {"KiB", kKibi},
                                                     {"MiB", kMebi},
                                                     {"GiB", kGibi},
                                                     {"TiB", kTebi}});
constexpr auto kFrequencyUnits =
    std::to_array<UnitName>({{"Hz", 1}, {"kHz", kKilo}, {"MHz", kMega}, {"GHz", kGiga}});
constexpr auto kBandwidthUnits = std::to_array<UnitName>({{"B/s", 1},
                                                          {"kB/s", kKilo},
                                                          {"MB/s", kMega},
                                                          {"GB/s", kGiga},
                                                          {"TB/s", kTera},
                                                          {"KiB/s", kKibi},
                                                          {"MiB/s", kMebi},
                                                          {"GiB/s", kGibi},
                                                          {"TiB/s", kTebi}});
constexpr auto kDurationUnits = std::to_array<UnitName>(
    {{"fs", 1}, {"ps", kKilo}, {"ns", kMega}, {"us", kGiga}, {"ms", kTera}, {"s", kTera* kKilo}});
constexpr auto kCycleUnits = std::to_array<UnitName>({{"cycles", 1}, {"cycle", 1}});

/// More digits than int64 holds cannot be a value of ours.
constexpr std::size_t kMaxDigits = 18;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool all_digits(std::string_view text) {
  for (const char c : text) {
    if (!is_digit(c)) {
      return false;
    }
  }
  return !text.empty();
}

/// mantissa / 10^decimals
struct Decimal {
  std::int64_t mantissa = 0;
  int decimals = 0;
};

std::optional<Decimal> parse_decimal(std::string_view text) {
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction =
      point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  const bool leading_zero = whole.size() > 1 && whole.front() == '0';
  const bool empty_fraction = point != std::string_view::npos && fraction.empty();
  if (!all_digits(whole) || leading_zero || empty_fraction ||
      (!fraction.empty() && !all_digits(fraction)) || whole.size() + fraction.size() > kMaxDigits) {
    return std::nullopt;
  }
  Decimal decimal{.mantissa = 0, .decimals = static_cast<int>(fraction.size())};
  for (const std::string_view part : {whole, fraction}) {
    for (const char c : part) {
      decimal.mantissa = decimal.mantissa * 10 + (c - '0');
    }
  }
  return decimal;
}

std::optional<std::int64_t> scaled(const Decimal& decimal, std::int64_t factor) {
  Wide value = static_cast<Wide>(decimal.mantissa) * factor;
  for (int i = 0; i < decimal.decimals; ++i) {
    if (value % 10 != 0) {
      return std::nullopt;
    }
    value /= 10;
  }
  if (value > std::numeric_limits<std::int64_t>::max()) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(value);
}

}  // namespace

const QuantityKind kByteQuantity{"a size", "24 MiB", kByteUnits};
const QuantityKind kFrequencyQuantity{"a frequency", "700 MHz", kFrequencyUnits};
const QuantityKind kBandwidthQuantity{"a bandwidth", "34.1 GB/s", kBandwidthUnits};
const QuantityKind kDurationQuantity{"a time", "1.25 ns", kDurationUnits};
const QuantityKind kCycleQuantity{"a number of cycles", "4 cycles", kCycleUnits};

std::optional<std::int64_t> parse_quantity(std::string_view text, const QuantityKind& kind) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) {
    return std::nullopt;
  }
  const auto number = parse_decimal(text.substr(0, space));
  const std::string_view unit = text.substr(space + 1);
  if (!number) {
    return std::nullopt;
  }
  for (const UnitName& candidate : kind.units) {
    if (candidate.name == unit) {
      return scaled(*number, candidate.factor);
    }
  }
  return std::nullopt;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  const std::string_view digits = negative ? text.substr(1) : text;
  if (!all_digits(digits) || (digits.size() > 1 && digits.front() == '0')) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

std::optional<double> parse_real(std::string_view text) {
  const std::string_view unsigned_text = text.starts_with('-') ? text.substr(1) : text;
  if (unsigned_text.empty() || !is_digit(unsigned_text.front()) || !is_digit(text.back())) {
    return std::nullopt;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

std::string expectation(const QuantityKind& kind) {
  std::string units;
  for (const UnitName& unit : kind.units) {
    units += units.empty() ? "" : ", ";
    units += unit.name;
  }
  return fmt::format("{} such as {} ({})", kind.what, kind.example, units);
}

}  // namespace systole
