#include "arch/config/text_file.h"

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

bool is_continuation(unsigned char byte) {
  return (byte & 0xC0U) == 0x80U;
}

/// Length of the UTF-8 character that starts `text`, 0 where it is none. Overlong forms,
/// surrogates and values above U+10FFFF are none.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t index) {
    return index < text.size() ? static_cast<unsigned char>(text[index]) : std::uint8_t{0};
  };
  const unsigned char lead = byte(0);
  if (lead < 0x80) {
    return 1;
  }
  const unsigned char second = byte(1);
  if (lead >= 0xC2 && lead <= 0xDF) {
    return is_continuation(second) ? 2 : 0;
  }
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool in_range = (lead != 0xE0 || second >= 0xA0) && (lead != 0xED || second < 0xA0);
    return in_range && is_continuation(second) && is_continuation(byte(2)) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool in_range = (lead != 0xF0 || second >= 0x90) && (lead != 0xF4 || second < 0x90);
    const bool continued =
        is_continuation(second) && is_continuation(byte(2)) && is_continuation(byte(3));
    return in_range && continued ? 4 : 0;
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
