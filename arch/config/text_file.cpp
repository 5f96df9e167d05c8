#include "arch/config/text_file.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>

#include <fmt/format.h>

namespace systole {

namespace {

[[noreturn]] void unreadable(std::string_view reason) {
  throw TextFault{.line = 0,
                  .column = 0,
                  .path = {},
                  .message = fmt::format("expected a readable file, got {}", reason)};
}

struct Closer {
  void operator()(std::FILE* stream) const { std::fclose(stream); }
};

bool is_control(unsigned char byte) {
  return (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F;
}

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

/// Length of the UTF-8 character that starts `text`, 0 where it is none.
std::size_t character_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  for (const Lead& lead : kLeads) {
    if (first >= lead.first && first <= lead.last) {
      return is_character(text.substr(0, lead.length), lead) ? lead.length : 0;
    }
  }
  return 0;
}

}  // namespace

std::string read_text_file(const std::string& file, std::size_t max_bytes) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) {
    unreadable("a directory");
  }
  errno = 0;
  const std::unique_ptr<std::FILE, Closer> stream(std::fopen(file.c_str(), "rb"));
  if (!stream) {
    unreadable(errno == ENOENT ? "no such file" : std::generic_category().message(errno));
  }
  std::string text;
  constexpr std::size_t kBlock = 65536;
  std::string block(kBlock, '\0');
  while (text.size() <= max_bytes) {
    const std::size_t count = std::fread(block.data(), 1, block.size(), stream.get());
    text.append(block, 0, count);
    if (count < block.size()) {
      break;
    }
  }
  if (std::ferror(stream.get()) != 0) {
    unreadable(std::generic_category().message(errno));
  }
  if (text.size() > max_bytes) {
    throw TextFault{
        .line = 0,
        .column = 0,
        .path = {},
        .message = fmt::format("expected a file of at most {} bytes, got more", max_bytes)};
  }
  return text;
}

void check_text(std::string_view text) {
  int line = 1;
  std::size_t line_start = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const std::size_t length = is_control(byte) ? 0 : character_length(text.substr(at));
    if (length == 0) {
      throw TextFault{.line = line,
                      .column = static_cast<int>(at - line_start) + 1,
                      .path = {},
                      .message = fmt::format("expected UTF-8 text, got the byte 0x{:02x}", byte)};
    }
    at += length;
    if (byte == '\n') {
      ++line;
      line_start = at;
    }
  }
}

std::string printable(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    if (at >= kLongest) {
      return result + "...";
    }
    const auto byte = static_cast<unsigned char>(text[at]);
    const std::size_t length = byte < 0x20 || byte == 0x7F ? 0 : character_length(text.substr(at));
    if (length == 0) {
      result += byte == '\n' ? std::string("\\n") : fmt::format("\\x{:02x}", byte);
      ++at;
      continue;
    }
    result += text.substr(at, length);
    at += length;
  }
  return result;
}

std::string in_quotes(std::string_view text) {
  return fmt::format("'{}'", printable(text));
}

}  // namespace systole
