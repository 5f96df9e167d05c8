#include "tests/support/vcd.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

namespace systole {

namespace {

class Parser {
 public:
  explicit Parser(const std::string& text) : text_(text) {}

  Vcd parse() {
    while (const std::string* word = next()) {
      const std::string token = *word;
      switch (token.front()) {
        case '$':
          command(token);
          break;
        case '#':
          time(number(token.substr(1)));
          break;
        case 'b':
          change(token.substr(1), wanted("an identifier"));
          break;
        case '0':
        case '1':
          change(token.substr(0, 1), token.substr(1));
          break;
        default:
          fail("expected a command, time or value, got " + token);
      }
    }
    if (!scope_.empty()) {
      fail("a scope stays open");
    }
    return std::move(vcd_);
  }

 private:
  [[noreturn]] void fail(const std::string& message) const {
    throw std::runtime_error(fmt::format("line {}: {}", line_, message));
  }

  /// The next word, null at the end.
  const std::string* next() {
    while (at_ < text_.size() && is_space(text_[at_])) {
      line_ += text_[at_] == '\n' ? 1 : 0;
      ++at_;
    }
    if (at_ == text_.size()) {
      return nullptr;
    }
    const std::size_t begin = at_;
    while (at_ < text_.size() && !is_space(text_[at_])) {
      ++at_;
    }
    word_ = text_.substr(begin, at_ - begin);
    return &word_;
  }
  static bool is_space(char character) { return character == ' ' || character == '\n'; }

  std::string wanted(const std::string& what) {
    const std::string* word = next();
    if (word == nullptr) {
      fail("expected " + what + ", got the end");
    }
    return *word;
  }

  std::int64_t number(const std::string& digits) const {
    if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos) {
      fail("expected a number, got " + digits);
    }
    return std::stoll(digits);
  }

  /// Words up to $end, with single spaces.
  std::string body() {
    std::string words;
    for (std::string word = wanted("$end"); word != "$end"; word = wanted("$end")) {
      words += (words.empty() ? "" : " ") + word;
    }
    return words;
  }

  void command(const std::string& token) {
    if (token == "$comment") {
      vcd_.comments.push_back(body());
    } else if (token == "$date") {
      vcd_.date = body();
    } else if (token == "$timescale") {
      timescale(body());
    } else if (token == "$scope") {
      wanted("a kind of scope");
      scope_.push_back(wanted("a scope"));
      body();
    } else if (token == "$upscope") {
      if (scope_.empty()) {
        fail("no scope to leave");
      }
      scope_.pop_back();
      body();
    } else if (token == "$var") {
      variable();
    } else if (token == "$version" || token == "$enddefinitions") {
      body();
    } else if (token != "$dumpvars" && token != "$end") {
      fail("unknown command " + token);
    }
  }

  void timescale(const std::string& words) {
    std::istringstream stream(words);
    std::int64_t count = 0;
    std::string unit;
    stream >> count >> unit;
    const std::map<std::string, std::int64_t> units{
        {"fs", 1}, {"ps", 1'000}, {"ns", 1'000'000}, {"us", 1'000'000'000}};
    if (!units.contains(unit) || (count != 1 && count != 10 && count != 100)) {
      fail("unknown time scale " + words);
    }
    scale_ = count * units.at(unit);
  }

  void variable() {
    wanted("a kind of variable");
    const std::int64_t bits = number(wanted("a width"));
    const std::string identifier = wanted("an identifier");
    std::string path;
    // The kernel puts everything into a scope of its own.
    for (std::size_t i = 1; i < scope_.size(); ++i) {
      path += scope_[i] + ".";
    }
    path += wanted("a name");
    body();
    if (!paths_.emplace(identifier, path).second || vcd_.variables.contains(path)) {
      fail("declared twice: " + path);
    }
    vcd_.variables[path].bits = static_cast<int>(bits);
  }

  void time(std::int64_t units) {
    if (units * scale_ < vcd_.end) {
      fail("time goes back");
    }
    vcd_.end = units * scale_;
  }

  void change(const std::string& bits, const std::string& identifier) {
    if (!paths_.contains(identifier)) {
      fail("no variable " + identifier);
    }
    Vcd::Variable& variable = vcd_.variables.at(paths_.at(identifier));
    if (bits.empty() || bits.find_first_not_of("01") != std::string::npos) {
      fail("expected bits, got " + bits);
    }
    if (bits.size() > static_cast<std::size_t>(variable.bits) || bits.size() > 64) {
      fail("too wide: " + bits);
    }
    std::uint64_t value = 0;
    for (const char bit : bits) {
      value = value * 2 + (bit == '1' ? 1 : 0);
    }
    variable.changes.push_back({.at = vcd_.end, .value = value});
  }

  const std::string& text_;
  std::size_t at_ = 0;
  int line_ = 1;
  std::string word_;
  Vcd vcd_;
  std::vector<std::string> scope_;
  std::map<std::string, std::string> paths_;  // by identifier
  std::int64_t scale_ = 1;
};

}  // namespace

std::uint64_t Vcd::value(const std::string& path, std::int64_t at) const {
  std::uint64_t value = 0;
  for (const Change& change : variables.at(path).changes) {
    if (change.at > at) {
      break;
    }
    value = change.value;
  }
  return value;
}

std::int64_t Vcd::time_at(const std::string& path, std::uint64_t value) const {
  const std::vector<Change>& changes = variables.at(path).changes;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (changes[i].value == value) {
      sum += (i + 1 < changes.size() ? changes[i + 1].at : end) - changes[i].at;
    }
  }
  return sum;
}

Vcd parse_vcd(const std::string& text) {
  return Parser(text).parse();
}

}  // namespace systole
