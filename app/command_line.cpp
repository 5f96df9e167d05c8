#include "app/command_line.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/command_table.h"
#include "app/command_words.h"
#include "app/option_words.h"
#include "app/request_checks.h"
#include "arch/config/near_name.h"
#include "arch/diag/error.h"
#include "arch/diag/printable.h"

namespace systole {

namespace {

/// The parser calls a mistyped command an unexpected argument; we know better.
void check_command(int argc, const char* const* argv) {
  if (argc < 2 || argv[1][0] == '-') {
    return;
  }
  std::vector<std::string_view> names;
  names.reserve(kEnumNames<Command>.size());
  for (const auto& [command, name] : kEnumNames<Command>) {
    names.push_back(name);
  }
  const std::string_view word = argv[1];
  if (value_named<Command>(word)) {
    return;
  }
  const std::string near = suggestion(word, names);
  throw UserError(
      fmt::format("systole: no command {}{}; see 'systole --help'", in_quotes(word),
                  near.empty() ? fmt::format(" (known: {})", fmt::join(names, ", ")) : near));
}

/// `words` come behind a command that may have commands of its own.
void check_action(const CLI::App& command, const std::vector<std::string>& words) {
  std::vector<std::string> names;
  for (const CLI::App* action : command.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(action->get_name());
  }
  if (command.get_parent() == nullptr || names.empty() || words.empty() ||
      words.front().starts_with('-')) {
    return;
  }
  const std::vector<std::string_view> known(names.begin(), names.end());
  throw UserError(fmt::format("systole: {}: expected {}, got {}{}; see 'systole {} --help'",
                              command.get_name(), one_of(known), in_quotes(words.front()),
                              suggestion(words.front(), known), command.get_name()));
}

/// What the parser gets.
std::vector<std::string> words_for(const CLI::App& app, int argc, const char* const* argv) {
  std::vector<std::string> behind(argv + 1, argv + argc);
  std::vector<std::string> commands;
  const CLI::App* command = &app;
  while (!behind.empty()) {
    const auto inner = command->get_subcommands(
        [&](const CLI::App* named) { return named->get_name() == behind.front(); });
    if (inner.empty()) {
      break;
    }
    command = inner.front();
    commands.push_back(behind.front());
    behind.erase(behind.begin());
  }
  check_action(*command, behind);
  const std::vector<std::string> words = command_words(*command, behind);
  commands.insert(commands.end(), words.begin(), words.end());
  return commands;
}

std::string unexpected(const CLI::App& app) {
  const std::string command = app.get_subcommands().front()->get_name();
  std::vector<std::string> words;
  for (const std::string& word : app.remaining(true)) {
    words.push_back(in_quotes(word));
  }
  constexpr std::size_t kMost = 5;
  const bool all = words.size() <= kMost;
  words.resize(std::min(words.size(), kMost));
  return fmt::format("systole: {}: expected nothing else, got {}{}; see 'systole {} --help'",
                     command, fmt::join(words, ", "), all ? "" : ", ...", command);
}

/// As a shell reads it again.
std::string command_text(int argc, const char* const* argv) {
  std::string text = "systole";
  for (int index = 1; index < argc; ++index) {
    const std::string_view word = argv[index];
    const bool plain = !word.empty() && word.find_first_not_of(
                                            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                            "0123456789_-+=.,:/@%") == std::string_view::npos;
    text += ' ';
    if (plain) {
      text += word;
      continue;
    }
    text += '\'';
    for (const char letter : word) {
      text += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
    }
    text += '\'';
  }
  return text;
}

constexpr std::string_view kPurpose =
    "Simulates neural networks on TPU-style accelerators, cycle by cycle.";

}  // namespace

std::variant<Request, Answer> parse_command_line(int argc, const char* const* argv) {
  Request request;
  OptionWords words;
  CLI::App app(std::string(kPurpose), "systole");
  add_table(app, request, words);
  check_command(argc, argv);
  std::vector<std::string> words_read = words_for(app, argc, argv);
  try {
    std::reverse(words_read.begin(), words_read.end());  // the parser takes them from the end
    app.parse(std::move(words_read));
  } catch (const CLI::CallForVersion& version) {
    return Answer{version.what()};
  } catch (const CLI::CallForHelp&) {
    return Answer{app.help()};
  } catch (const CLI::ExtrasError&) {
    throw UserError(unexpected(app));
  } catch (const CLI::ParseError& error) {
    throw UserError(fmt::format("systole: {}; see 'systole --help'", error.what()));
  }
  Request result = checked_request(app, request, words);
  result.command_text = command_text(argc, argv);
  return result;
}

std::string of_command_table(const std::function<std::string(const CLI::App& app)>& make) {
  Request request;
  OptionWords words;
  CLI::App app(std::string(kPurpose), "systole");
  add_table(app, request, words);
  return make(app);
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  names.reserve(kEnumNames<Command>.size());
  for (const auto& [command, name] : kEnumNames<Command>) {
    names.emplace_back(name);
  }
  return names;
}

}  // namespace systole
