#include "report/format.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "arch/diag/check.h"

namespace systole {

namespace {

struct Prefix {
  double scale;
  std::string_view name;
};

/// Four significant digits of a value in 0.9995..999.95.
std::string four_digits(double value) {
  if (value < 9.9995) {
    return fmt::format("{:.3f}", value);
  }
  return value < 99.995 ? fmt::format("{:.2f}", value) : fmt::format("{:.1f}", value);
}

/// Of a number with a decimal point.
std::string without_trailing_zeros(std::string number) {
  number.erase(number.find_last_not_of('0') + 1);
  if (number.back() == '.') {
    number.pop_back();
  }
  return number;
}

/// Values that would round to 1000 of a prefix belong to the next one.
const Prefix& prefix_for(double value, std::span<const Prefix> prefixes) {
  for (const Prefix& prefix : prefixes) {
    if (value < 999.95 * prefix.scale) {
      return prefix;
    }
  }
  return prefixes.back();
}

constexpr std::array<Prefix, 7> kCounts{
    {{1.0, ""}, {1e3, "k"}, {1e6, "M"}, {1e9, "G"}, {1e12, "T"}, {1e15, "P"}, {1e18, "E"}}};

std::string with_unit(const std::string& number, std::string_view prefix, std::string_view unit) {
  if (prefix.empty() && unit.empty()) {
    return number;
  }
  return fmt::format("{} {}{}", number, prefix, unit);
}

/// Length of the UTF-8 sequence that starts at `at`, or 0 where it is malformed.
std::size_t sequence_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  const unsigned char first = byte(at);
  std::size_t length = 0;
  if (first < 0x80) {
    length = 1;
  } else if (first >= 0xC2 && first < 0xE0) {
    length = 2;
  } else if (first >= 0xE0 && first < 0xF0) {
    length = 3;
  } else if (first >= 0xF0 && first < 0xF5) {
    length = 4;
  }
  if (length == 0 || at + length > text.size()) {
    return 0;
  }
  for (std::size_t index = at + 1; index < at + length; ++index) {
    if ((byte(index) & 0xC0U) != 0x80U) {
      return 0;
    }
  }
  return length;
}

/// C0, DEL and C1 controls would move the cursor.
bool is_control(std::string_view text, std::size_t at, std::size_t length) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (length == 1) {
    return first < 0x20 || first == 0x7F;
  }
  return length == 2 && first == 0xC2 && static_cast<unsigned char>(text[at + 1]) < 0xA0;
}

bool continues_sequence(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// Byte position of code point `index`.
std::size_t position_of(std::string_view text, std::size_t index) {
  std::size_t seen = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!continues_sequence(text[at])) {
      if (seen == index) {
        return at;
      }
      ++seen;
    }
  }
  return text.size();
}

}  // namespace

std::string grouped(std::int64_t value) {
  std::string digits = fmt::format("{}", value);
  const std::size_t first = value < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string scaled(std::int64_t value) {
  return scaled(value, "");
}

std::string scaled(std::int64_t value, std::string_view unit) {
  if (value < 1000) {
    return with_unit(fmt::format("{}", value), "", unit);
  }
  return scaled_real(static_cast<double>(value), unit);
}

std::string scaled_real(double value, std::string_view unit) {
  const Prefix& prefix = prefix_for(value, kCounts);
  return with_unit(four_digits(value / prefix.scale), prefix.name, unit);
}

std::string nominal(double value, std::string_view unit) {
  const Prefix& prefix = prefix_for(value, kCounts);
  return with_unit(without_trailing_zeros(four_digits(value / prefix.scale)), prefix.name, unit);
}

std::string binary_bytes(std::int64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  auto value = static_cast<double>(bytes);
  while (value >= 1024.0 && unit + 1 < kUnits.size()) {
    value /= 1024.0;
    ++unit;
  }
  return fmt::format("{} {}", without_trailing_zeros(fmt::format("{:.3f}", value)), kUnits[unit]);
}

std::string duration(double seconds) {
  constexpr std::array<Prefix, 4> kTimes{{{1e-9, "n"}, {1e-6, "u"}, {1e-3, "m"}, {1.0, ""}}};
  if (seconds == 0.0) {
    return "0 s";
  }
  const Prefix& prefix = prefix_for(seconds, kTimes);
  return fmt::format("{} {}s", four_digits(seconds / prefix.scale), prefix.name);
}

std::string engineering(double value, std::string_view unit) {
  constexpr std::array<Prefix, 9> kAll{{{1e-12, "p"},
                                        {1e-9, "n"},
                                        {1e-6, "u"},
                                        {1e-3, "m"},
                                        {1.0, ""},
                                        {1e3, "k"},
                                        {1e6, "M"},
                                        {1e9, "G"},
                                        {1e12, "T"}}};
  if (value == 0.0) {
    return with_unit("0", "", unit);
  }
  const Prefix& prefix = prefix_for(value, kAll);
  return with_unit(four_digits(value / prefix.scale), prefix.name, unit);
}

std::string percent(double share) {
  return fmt::format("{:.1f}", share * 100.0);
}

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return !continues_sequence(byte); }));
}

std::string on_one_line(std::string_view text) {
  std::string clean;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_length(text, at);
    if (length == 0 || is_control(text, at, length)) {
      clean += '?';
      at += std::max<std::size_t>(length, 1);
    } else {
      clean += text.substr(at, length);
      at += length;
    }
  }
  return clean;
}

std::string shortened(std::string_view text, std::size_t width) {
  constexpr std::string_view kGap = "...";
  const std::size_t length = display_width(text);
  if (length <= width) {
    return std::string(text);
  }
  if (width <= kGap.size()) {
    return std::string(text.substr(0, position_of(text, width)));
  }
  const std::size_t kept = width - kGap.size();
  const std::size_t tail = kept / 2;
  std::string result(text.substr(0, position_of(text, kept - tail)));
  result += kGap;
  result += text.substr(position_of(text, length - tail));
  return result;
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string result;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) {
      continue;
    }
    if (column > 0 && column + 1 + display_width(word) > width - indent) {
      result += '\n' + std::string(indent, ' ');
      column = 0;
    }
    if (column > 0) {
      result += ' ';
      ++column;
    }
    result += word;
    column += display_width(word);
  }
  return result;
}

}  // namespace systole
