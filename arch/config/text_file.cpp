#include "arch/config/text_file.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>

#include <fmt/format.h>

#include "arch/config/files_read.h"

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
  note_file_read(file);
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

}  // namespace systole
