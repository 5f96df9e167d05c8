#include "compiler/frontend/stablehlo/tokens.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "arch/diag/printable.h"

namespace systole {

namespace {

bool is_digit(char letter) {
  return letter >= '0' && letter <= '9';
}

bool is_hex_digit(char letter) {
  return is_digit(letter) || (letter >= 'a' && letter <= 'f') || (letter >= 'A' && letter <= 'F');
}

bool is_letter(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || letter == '_';
}

bool is_in_word(char letter) {
  return is_letter(letter) || is_digit(letter) || letter == '.' || letter == '$';
}

constexpr std::array<std::string_view, 6> kLongMarks{"{-#", "#-}", "->", "::", "==", ">="};
constexpr std::string_view kMarks = "(){}[]<>,:=?*+-/|;";

}  // namespace

void HloTokens::skip_blanks() {
  while (at_ < text_.size()) {
    const char next = letter();
    if (next == '\n') {
      advance(1);
      ++line_;
      line_start_ = at_;
    } else if (next == ' ' || next == '\t' || next == '\r') {
      advance(1);
    } else if (next == '/' && letter(1) == '/') {
      advance(std::min(text_.find('\n', at_), text_.size()) - at_);
    } else {
      return;
    }
  }
}

std::size_t HloTokens::word_length() const {
  std::size_t length = 0;
  while (is_in_word(letter(length))) {
    ++length;
  }
  return length;
}

std::size_t HloTokens::name_length() const {
  std::size_t length = 0;
  while (is_in_word(letter(length)) || (letter(length) == '-' && letter(length + 1) != '>')) {
    ++length;
  }
  return length;
}

std::size_t HloTokens::string_length() const {
  std::size_t length = 1;
  while (at_ + length < text_.size() && letter(length) != '"' && letter(length) != '\n') {
    length += letter(length) == '\\' ? 2U : 1U;
  }
  return letter(length) == '"' && at_ + length < text_.size() ? length + 1 : 0;
}

template <class Is>
std::size_t HloTokens::run_end(std::size_t first, const Is& is) const {
  while (is(letter(first))) {
    ++first;
  }
  return first;
}

HloToken HloTokens::number(HloToken token) {
  std::size_t length = letter() == '-' ? 1 : 0;
  token.kind = HloToken::Kind::Integer;
  if (letter(length) == '0' && letter(length + 1) == 'x' && is_hex_digit(letter(length + 2))) {
    length = run_end(length + 2, is_hex_digit);
  } else {
    length = run_end(length, is_digit);
    if (letter(length) == '.') {
      token.kind = HloToken::Kind::Float;
      length = run_end(length + 1, is_digit);
      const bool has_exponent = letter(length) == 'e' || letter(length) == 'E';
      const std::size_t sign = letter(length + 1) == '-' || letter(length + 1) == '+' ? 2 : 1;
      if (has_exponent && is_digit(letter(length + sign))) {
        length = run_end(length + sign, is_digit);
      }
    }
  }
  token.text = text_.substr(at_, length);
  advance(length);
  return token;
}

HloToken HloTokens::name(HloToken token, HloToken::Kind kind) {
  advance(1);
  const std::size_t length = letter() == '"' ? string_length() : name_length();
  if (length == 0) {
    throw WorkloadError(place_of(token), "", "expected a name, got a sign without one");
  }
  token.kind = kind;
  token.text = text_.substr(at_, length);
  advance(length);
  if (token.text.front() == '"') {
    token.text = token.text.substr(1, token.text.size() - 2);
  }
  if (kind == HloToken::Kind::Value && letter() == '#' && is_digit(letter(1))) {
    std::size_t digits = 1;
    while (is_digit(letter(1 + digits))) {
      ++digits;
    }
    const std::string_view part = text_.substr(at_ + 1, digits);
    const auto read = std::from_chars(part.data(), part.data() + part.size(), token.part);
    if (read.ec != std::errc()) {
      throw WorkloadError(here(), "",
                          fmt::format("expected the number of a result, got {}", in_quotes(part)));
    }
    advance(1 + digits);
  }
  return token;
}

HloToken HloTokens::read() {
  skip_blanks();
  HloToken token{.kind = HloToken::Kind::End, .text = {}, .part = 0, .line = line_, .column = 1};
  token.column = static_cast<int>(at_ - line_start_) + 1;
  if (at_ >= text_.size()) {
    return token;
  }
  const char first = letter();
  if (is_letter(first)) {
    token.kind = HloToken::Kind::Word;
    token.text = text_.substr(at_, word_length());
    advance(token.text.size());
    return token;
  }
  if (is_digit(first) || (first == '-' && is_digit(letter(1)))) {
    return number(token);
  }
  for (const std::string_view mark : kLongMarks) {
    if (text_.substr(at_, mark.size()) == mark) {
      token.kind = HloToken::Kind::Mark;
      token.text = mark;
      advance(mark.size());
      return token;
    }
  }
  switch (first) {
    case '%':
      return name(token, HloToken::Kind::Value);
    case '@':
      return name(token, HloToken::Kind::Symbol);
    case '#':
      return name(token, HloToken::Kind::Hash);
    case '!':
      return name(token, HloToken::Kind::Bang);
    case '^':
      return name(token, HloToken::Kind::Block);
    case '"':
      token.kind = HloToken::Kind::String;
      token.text = text_.substr(at_, string_length());
      if (token.text.empty()) {
        throw WorkloadError(place_of(token), "",
                            "expected a string that ends, got one that does not");
      }
      advance(token.text.size());
      return token;
    default:
      break;
  }
  if (kMarks.find(first) == std::string_view::npos) {
    throw WorkloadError(
        place_of(token), "",
        fmt::format("expected MLIR's text, got {}", in_quotes(text_.substr(at_, 1))));
  }
  token.kind = HloToken::Kind::Mark;
  token.text = text_.substr(at_, 1);
  advance(1);
  return token;
}

const HloToken& HloTokens::peek() {
  if (!peeked_) {
    peeked_ = read();
  }
  return *peeked_;
}

HloToken HloTokens::next() {
  if (peeked_) {
    const HloToken token = *peeked_;
    peeked_.reset();
    return token;
  }
  return read();
}

std::optional<std::int64_t> HloTokens::size() {
  skip_blanks();
  if (letter() == '?' && letter(1) == 'x') {
    advance(2);
    return -1;
  }
  std::size_t digits = 0;
  while (is_digit(letter(digits))) {
    ++digits;
  }
  if (digits == 0 || letter(digits) != 'x') {
    return std::nullopt;
  }
  std::int64_t value = 0;
  const std::string_view text = text_.substr(at_, digits);
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  if (read.ec != std::errc() || value > kMost) {
    throw WorkloadError(here(), "",
                        fmt::format("expected a size of at most 2^40, got {}", in_quotes(text)));
  }
  advance(digits + 1);
  return value;
}

void HloTokens::skip_to(char opening, char closing) {
  int depth = 1;
  while (depth > 0) {
    const HloToken token = next();
    if (token.kind == HloToken::Kind::End) {
      throw WorkloadError(place_of(token), "",
                          fmt::format("expected '{}', got the end of the file", closing));
    }
    if (token.kind == HloToken::Kind::Mark && token.text.size() == 1) {
      depth += token.text.front() == opening ? 1 : 0;
      depth -= token.text.front() == closing ? 1 : 0;
    }
  }
}

std::string unquoted(std::string_view text) {
  text = text.size() < 2 ? std::string_view{} : text.substr(1, text.size() - 2);
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      result += text[i];
      continue;
    }
    ++i;
    int code = 0;
    if (i + 1 < text.size() && is_hex_digit(text[i]) && is_hex_digit(text[i + 1])) {
      static_cast<void>(std::from_chars(text.data() + i, text.data() + i + 2, code, 16));
      result += static_cast<char>(code);
      ++i;
    } else {
      result += text[i] == 'n' ? '\n' : text[i] == 't' ? '\t' : text[i];
    }
  }
  return result;
}

}  // namespace systole
