#include "arch/diag/printable.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace systole {

namespace {

/// Well-formed UTF-8 by its first byte: length, and limits of the second byte, which rule out
/// overlong forms, surrogates and values above U+10FFFF. Source: Unicode 15, table 3-7.
struct Lead {
  unsigned char first;
  unsigned char last;
  std::size_t length;
  unsigned char second_min;
  unsigned char second_max;
};

constexpr auto kLeads = std::to_array<Lead>({
    {0x00, 0x7F, 1, 0x80, 0xBF},
    {0xC2, 0xDF, 2, 0x80, 0xBF},
    {0xE0, 0xE0, 3, 0xA0, 0xBF},
    {0xE1, 0xEC, 3, 0x80, 0xBF},
    {0xED, 0xED, 3, 0x80, 0x9F},
    {0xEE, 0xEF, 3, 0x80, 0xBF},
    {0xF0, 0xF0, 4, 0x90, 0xBF},
    {0xF1, 0xF3, 4, 0x80, 0xBF},
    {0xF4, 0xF4, 4, 0x80, 0x8F},
});

bool is_character(std::string_view bytes, const Lead& lead) {
  for (std::size_t index = 1; index < bytes.size(); ++index) {
    const auto byte = static_cast<unsigned char>(bytes[index]);
    const unsigned char min = index == 1 ? lead.second_min : 0x80;
    const unsigned char max = index == 1 ? lead.second_max : 0xBF;
    if (byte < min || byte > max) {
      return false;
    }
  }
  return bytes.size() == lead.length;
}

/// One character of `text` from `at` on, escaped where it must be; moves `at` behind it.
std::string next_character(std::string_view text, std::size_t& at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  const std::string_view rest = text.substr(at);
  const std::size_t length = byte < 0x20 || byte == 0x7F ? 0 : character_length(rest);
  // U+0080..U+009F are control characters too; U+2028 and U+2029 end lines.
  const bool is_harmful =
      (length == 2 && byte == 0xC2 && rest[1] < '\xA0') ||
      (length == 3 && (rest.starts_with("\xE2\x80\xA8") || rest.starts_with("\xE2\x80\xA9")));
  if (length == 0 || is_harmful) {
    ++at;
    return byte == '\n' ? std::string("\\n") : fmt::format("\\x{:02x}", byte);
  }
  at += length;
  return std::string(rest.substr(0, length));
}

}  // namespace

std::size_t character_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  for (const Lead& lead : kLeads) {
    if (first >= lead.first && first <= lead.last) {
      return is_character(text.substr(0, lead.length), lead) ? lead.length : 0;
    }
  }
  return 0;
}

std::string escaped(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    result += next_character(text, at);
  }
  return result;
}

std::string printable(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    if (at >= kLongest) {
      return result + "...";
    }
    result += next_character(text, at);
  }
  return result;
}

std::string in_quotes(std::string_view text) {
  return fmt::format("'{}'", printable(text));
}

std::string printable_path(std::string_view path) {
  constexpr std::size_t kLongest = 255;
  constexpr std::size_t kEnd = 190;
  if (path.size() <= kLongest) {
    return escaped(path);
  }
  std::size_t end = path.size() - kEnd;
  while (end < path.size() && (static_cast<unsigned char>(path[end]) & 0xC0U) == 0x80U) {
    ++end;  // inside a character
  }
  return printable(path) + escaped(path.substr(end));
}

std::string path_in_quotes(std::string_view path) {
  return fmt::format("'{}'", printable_path(path));
}

}  // namespace systole
