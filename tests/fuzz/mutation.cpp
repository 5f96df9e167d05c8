#include "tests/fuzz/mutation.h"

#include <algorithm>

namespace systole::fuzz {

namespace {

using Lines = std::vector<std::string>;

Lines lines_of(const std::string& text) {
  Lines lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::string joined(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) {
    text += line + '\n';
  }
  return text;
}

/// Where the value behind a key begins; npos where the line has none.
std::size_t value_begin(const std::string& line) {
  const std::size_t colon = line.find(": ");
  return colon == std::string::npos ? colon : colon + 2;
}

void replace_value(Lines& lines, Dice& dice) {
  std::string& line = lines[dice.below(lines.size())];
  const std::size_t begin = value_begin(line);
  if (begin == std::string::npos) {
    return;
  }
  const std::string& other = dice.of(lines);
  const std::size_t taken = value_begin(other);
  const bool from_text = dice.one_in(3) && taken != std::string::npos;
  line = line.substr(0, begin) + (from_text ? other.substr(taken) : odd_value(dice));
}

/// One number of a line, digits only: `[2, 16, 4]` keeps its shape.
void replace_number(Lines& lines, Dice& dice) {
  std::string& line = lines[dice.below(lines.size())];
  const std::size_t begin = line.find_first_of("0123456789", dice.below(line.size() + 1));
  if (begin == std::string::npos) {
    return;
  }
  const std::size_t end = std::min(line.find_first_not_of("0123456789.", begin), line.size());
  const std::vector<std::string> numbers{
      "0", "1", "2", "3", "7", "65536", "2147483648", "0.5", "999", "9223372036854775807"};
  line.replace(begin, end - begin, dice.of(numbers));
}

void move_line(Lines& lines, Dice& dice) {
  const std::size_t at = dice.below(lines.size());
  switch (dice.below(5)) {
    case 0:
      lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
      break;
    case 1:
      lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), lines[at]);
      break;
    case 2:
      std::swap(lines[at], lines[dice.below(lines.size())]);
      break;
    case 3:
      lines[at].insert(0, dice.one_in(4) ? "\t" : "  ");
      break;
    default:
      lines[at].erase(0, lines[at].find_first_not_of(' ') == std::string::npos ? 0 : 2);
  }
}

void change_bytes(std::string& text, Dice& dice) {
  const std::string odd = "{}[]:,-?#&*!|>'\"%@`\t\n \x01\xff\xc3(0";
  for (std::size_t count = 1 + dice.below(4); count > 0 && !text.empty(); --count) {
    text[dice.below(text.size())] = odd[dice.below(odd.size())];
  }
}

}  // namespace

std::uint64_t Dice::next() {
  state_ += 0x9E3779B97F4A7C15ULL;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBULL;
  return mixed ^ (mixed >> 31U);
}

std::string odd_value(Dice& dice) {
  const std::vector<std::string> values{"",
                                        "0",
                                        "-1",
                                        "1",
                                        "2",
                                        "65536",
                                        "65537",
                                        "1e308",
                                        "nan",
                                        "-inf",
                                        "010",
                                        "0x10",
                                        "true",
                                        "null",
                                        "~",
                                        "[]",
                                        "{}",
                                        "[1, 2]",
                                        "{a: 1}",
                                        "''",
                                        "9223372036854775807",
                                        "9223372036854775808",
                                        "1 KiB",
                                        "0 B",
                                        "1 Hz",
                                        "99999 GHz",
                                        "1 fs",
                                        "0 ns",
                                        "1 cycles",
                                        "1000000 cycles",
                                        "1.5",
                                        "-0",
                                        "weight_stationary",
                                        "x.yaml",
                                        "../x",
                                        "\"\\u0000\"",
                                        "*a",
                                        "&a 1",
                                        "!!int 3",
                                        "value: 1",
                                        "|",
                                        "x y z",
                                        "{value: 3, status: assumed}",
                                        std::string(3000, 'x')};
  return dice.of(values);
}

std::string mutated(std::string text, Dice& dice) {
  for (std::size_t changes = 1 + dice.below(3); changes > 0; --changes) {
    if (dice.one_in(6)) {
      change_bytes(text, dice);
      continue;
    }
    if (dice.one_in(20)) {
      text.resize(dice.below(text.size() + 1));
      continue;
    }
    Lines lines = lines_of(text);
    if (lines.empty()) {
      continue;
    }
    switch (dice.below(4)) {
      case 0:
        replace_value(lines, dice);
        break;
      case 1:
        move_line(lines, dice);
        break;
      default:
        replace_number(lines, dice);
    }
    text = joined(lines);
  }
  return text;
}

}  // namespace systole::fuzz
