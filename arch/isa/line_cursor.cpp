#include "arch/isa/line_cursor.h"

#include <charconv>

#include <fmt/format.h>

#include "arch/diag/error.h"

namespace systole {

namespace {

bool is_blank(char character) {
  return character == ' ' || character == '\t' || character == '\r';
}

}  // namespace

std::string quote_for_message(std::string_view token) {
  constexpr std::size_t kLongest = 60;
  std::string text = "'";
  for (const char character : token.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(character);
    text.push_back(byte < ' ' ? '?' : character);
  }
  text += token.size() > kLongest ? "...'" : "'";
  return text;
}

LineCursor::LineCursor(const std::string& file, std::string_view line, int number)
    : file_(file), line_(line), number_(number) {}

bool LineCursor::at_end() {
  while (position_ < line_.size() && is_blank(line_[position_])) {
    ++position_;
  }
  start_ = position_;
  return position_ == line_.size() || line_[position_] == '#';
}

char LineCursor::peek() {
  return at_end() ? '\0' : line_[position_];
}

bool LineCursor::take(char character) {
  if (peek() != character) {
    return false;
  }
  ++position_;
  return true;
}

template <class Stops>
std::string_view LineCursor::take_until(Stops stops) {
  if (at_end()) {
    return {};
  }
  while (position_ < line_.size() && !stops(line_[position_])) {
    ++position_;
  }
  return line_.substr(start_, position_ - start_);
}

std::string_view LineCursor::word() {
  return take_until(
      [](char next) { return is_blank(next) || next == '(' || next == ')' || next == '='; });
}

std::string_view LineCursor::token() {
  return take_until([](char next) { return is_blank(next) || next == ')'; });
}

std::string LineCursor::quoted() {
  if (!take('"')) {
    const std::string_view got = token();
    fail("a name in double quotes", got.empty() ? "the end of the line" : quote_for_message(got));
  }
  std::string text;
  while (position_ < line_.size() && line_[position_] != '"') {
    const char character = line_[position_++];
    text.push_back(character == '\\' ? escape() : character);
  }
  if (position_ == line_.size()) {
    start_ = position_;
    fail("a closing double quote", "the end of the line");
  }
  ++position_;
  return text;
}

char LineCursor::escape() {
  constexpr std::size_t kHexDigits = 2;
  constexpr int kHexBase = 16;
  const std::string_view rest = line_.substr(position_);
  if (!rest.empty() && (rest[0] == '"' || rest[0] == '\\')) {
    ++position_;
    return rest[0];
  }
  if (rest.size() > kHexDigits && rest[0] == 'x') {
    unsigned value = 0;
    const char* first = rest.data() + 1;
    const auto result = std::from_chars(first, first + kHexDigits, value, kHexBase);
    if (result.ptr == first + kHexDigits) {
      position_ += 1 + kHexDigits;
      return static_cast<char>(value);
    }
  }
  start_ = position_ - 1;
  fail("an escape \\\", \\\\ or \\xHH", quote_for_message(line_.substr(start_, 2)));
}

LineCursor::Path::Path(LineCursor& cursor, std::string_view step)
    : cursor_(cursor), length_(cursor.path_.size()) {
  if (!cursor.path_.empty()) {
    cursor.path_.push_back('.');
  }
  cursor.path_.append(step);
}

void LineCursor::fail(std::string_view expected, std::string_view got) const {
  const SourceLocation where{
      .file = file_, .line = number_, .column = static_cast<int>(start_) + 1};
  throw UserError(where, path_, fmt::format("expected {}, got {}", expected, got));
}

void LineCursor::fail_here(std::string_view expected) {
  if (at_end()) {
    fail(expected, "the end of the line");
  }
  fail(expected, quote_for_message(line_.substr(position_, 1)));
}

}  // namespace systole
