#include "app/command_words.h"

#include <string_view>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "arch/config/near_name.h"
#include "arch/diag/error.h"
#include "arch/diag/printable.h"

namespace systole {

namespace {

class WordReader {
 public:
  WordReader(const CLI::App& command, const std::vector<std::string>& words)
      : command_(command), words_(words) {}

  std::vector<std::string> read() {
    while (at_ < words_.size()) {
      const std::string& word = words_[at_++];
      if (word == "--") {
        read_.push_back(word);
        read_.insert(read_.end(), words_.begin() + static_cast<std::ptrdiff_t>(at_), words_.end());
        break;
      }
      if (word.starts_with("--")) {
        read_long(word);
      } else if (word.starts_with('-') && word.size() > 1) {
        read_short(word);
      } else {
        read_.push_back(word);
      }
    }
    return std::move(read_);
  }

 private:
  [[nodiscard]] const CLI::Option* find(const std::string& name) const {
    return command_.get_option_no_throw(name);
  }

  static bool is_flag(const CLI::Option& option) { return option.get_items_expected_max() == 0; }

  [[noreturn]] void fail_unknown(const std::string& written) const {
    std::vector<std::string> known;
    for (const CLI::Option* option : command_.get_options()) {
      for (const std::string& name : option->get_lnames()) {
        known.push_back("--" + name);
      }
    }
    std::string command;
    for (const CLI::App* at = &command_; at->get_parent() != nullptr; at = at->get_parent()) {
      command = at->get_name() + " " + command;
    }
    throw UserError(fmt::format(
        "systole: no option {}{}; see 'systole {}--help'", in_quotes(written),
        suggestion(written, std::vector<std::string_view>(known.begin(), known.end())), command));
  }

  void read_long(const std::string& word) {
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const CLI::Option* option = find(name);
    if (option == nullptr) {
      fail_unknown(name);
    }
    if (equals == std::string::npos) {
      read_.push_back(word);
      if (!is_flag(*option)) {
        take_value(name);
      }
      return;
    }
    const std::string value = word.substr(equals + 1);
    if (is_flag(*option)) {
      throw UserError(
          fmt::format("systole: {}: expected no value, got {}", name, in_quotes(value)));
    }
    if (value.empty()) {
      read_.insert(read_.end(), {name, ""});
    } else {
      read_.push_back(word);
    }
  }

  /// `-q`, `-o FILE`, `-oFILE`, `-qo FILE`.
  void read_short(const std::string& word) {
    for (std::size_t at = 1; at < word.size(); ++at) {
      const std::string name{'-', word[at]};
      const CLI::Option* option = find(name);
      if (option == nullptr) {
        fail_unknown(word);
      }
      if (is_flag(*option)) {
        continue;
      }
      if (at + 1 < word.size() && word[at + 1] == '=') {
        throw UserError(fmt::format("systole: {}: expected its value behind a space, got {}", name,
                                    in_quotes(word)));
      }
      read_.push_back(word);
      if (at + 1 == word.size()) {
        take_value(name);
      }
      return;
    }
    read_.push_back(word);
  }

  /// The word behind an option, unless it is another one: then an empty variable of the shell left
  /// the value out.
  void take_value(const std::string& name) {
    if (at_ == words_.size()) {
      return;  // the parser says what is missing
    }
    const std::string& value = words_[at_++];
    const bool is_option = value.size() > 1 && value.starts_with('-') &&
                           find(value.substr(0, value.find('='))) != nullptr;
    if (is_option) {
      throw UserError(
          fmt::format("systole: {}: expected a value, got the option {}", name, in_quotes(value)));
    }
    read_.push_back(value);
  }

  const CLI::App& command_;
  const std::vector<std::string>& words_;
  std::vector<std::string> read_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<std::string> command_words(const CLI::App& command,
                                       const std::vector<std::string>& words) {
  return WordReader(command, words).read();
}

}  // namespace systole
