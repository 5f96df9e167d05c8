#include "app/manual.h"

#include <array>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace systole {

namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  std::vector<const CLI::App*> commands;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!command->get_group().empty()) {  // those without one are for programs
      commands.push_back(command);
    }
  }
  return commands;
}

std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  return app.get_options([](const CLI::Option*) { return true; });
}

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() != 0;
}

/// `-o`, `--output`.
std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) {
    names.push_back("-" + name);
  }
  for (const std::string& name : option.get_lnames()) {
    names.push_back("--" + name);
  }
  return names;
}

/// Text of a man page: what troff would take for its own is escaped.
std::string troff(std::string_view text) {
  std::string result;
  bool line_begins = true;
  for (const char letter : text) {
    if (line_begins && (letter == '.' || letter == '\'')) {
      result += "\\&";
    }
    result += letter == '\\'  ? std::string("\\e")
              : letter == '-' ? std::string("\\-")
                              : std::string(1, letter);
    line_begins = letter == '\n';
  }
  return result;
}

std::string man_options(const CLI::App& app) {
  std::string text;
  for (const CLI::Option* option : options_of(app)) {
    const std::vector<std::string> names = names_of(*option);
    if (names.empty()) {
      text += fmt::format(".TP\n.I {}\n", troff(option->get_name(true)));
    } else {
      const std::string value =
          takes_value(*option) ? " \\fI" + troff(option->get_type_name()) + "\\fR" : "";
      text += fmt::format(".TP\n\\fB{}\\fR{}\n", troff(fmt::format("{}", fmt::join(names, ", "))),
                          value);
    }
    text += troff(option->get_description()) + '\n';
  }
  return text;
}

std::string verbatim(std::string_view text) {
  while (text.starts_with('\n')) {
    text.remove_prefix(1);
  }
  return text.empty() ? "" : fmt::format(".PP\n.nf\n{}\n.fi\n", troff(text));
}

void add_man_command(std::string& text, const CLI::App& command, const std::string& path) {
  text += fmt::format(".SS {}\n{}\n{}{}", troff(path), troff(command.get_description()),
                      man_options(command), verbatim(command.get_footer()));
  for (const CLI::App* action : commands_of(command)) {
    add_man_command(text, *action, path + " " + action->get_name());
  }
}

/// What an argument of that name may be, as `systole list` calls it.
std::string_view kind_of_argument(std::string_view name) {
  struct Kind {
    std::string_view argument;
    std::string_view kind;
  };
  constexpr auto kKinds = std::to_array<Kind>({{"CHIP", "chip"},
                                               {"NETWORK", "network"},
                                               {"SPEC", "dram"},
                                               {"STUDY", "study"},
                                               {"OTHER", "study"},
                                               {"NAME", "any"}});
  for (const Kind& one : kKinds) {
    if (name == one.argument) {
      return one.kind;
    }
  }
  return "";
}

/// `command`, `study run`, ...: each with its options and the kinds of its arguments.
struct CommandWords {
  std::string path;
  std::string help;
  std::vector<std::string> actions;
  std::vector<std::string> options;
  std::vector<std::string> arguments;  ///< kinds; empty: a file
};

void add_words(std::vector<CommandWords>& all, const CLI::App& app, const std::string& path) {
  CommandWords words{
      .path = path, .help = app.get_description(), .actions = {}, .options = {}, .arguments = {}};
  for (const CLI::Option* option : options_of(app)) {
    const std::vector<std::string> names = names_of(*option);
    words.options.insert(words.options.end(), names.begin(), names.end());
    if (names.empty()) {
      words.arguments.emplace_back(kind_of_argument(option->get_name(true)));
    }
  }
  const std::size_t place = all.size();
  all.push_back(words);
  for (const CLI::App* action : commands_of(app)) {
    all[place].actions.push_back(action->get_name());
    add_words(all, *action, path.empty() ? action->get_name() : path + " " + action->get_name());
  }
}

std::vector<CommandWords> command_table(const CLI::App& app) {
  std::vector<CommandWords> all;
  add_words(all, app, "");
  return all;
}

/// The table as cases of a shell's `case` on the command's path, which both shells read alike.
std::string shell_table(const CLI::App& app) {
  std::string text;
  for (const CommandWords& words : command_table(app)) {
    std::string kinds;
    for (const std::string& kind : words.arguments) {
      kinds += (kinds.empty() ? "" : " ") + (kind.empty() ? std::string("file") : kind);
    }
    text += fmt::format("    '{}') actions='{}'; options='{}'; arguments='{}' ;;\n", words.path,
                        fmt::join(words.actions, " "), fmt::join(words.options, " "), kinds);
  }
  return text;
}

}  // namespace

std::string man_page(const CLI::App& app) {
  std::string text = fmt::format(
      ".TH SYSTOLE 1 \"\" \"systole {}\" \"User Commands\"\n.SH NAME\nsystole \\- {}\n"
      ".SH SYNOPSIS\n.B systole\n.I COMMAND\n[\\fIOPTIONS\\fR]\n.SH OPTIONS\n{}.SH COMMANDS\n",
      SYSTOLE_VERSION, troff("simulates neural networks on TPU-style accelerators, cycle by cycle"),
      man_options(app));
  for (const CLI::App* command : commands_of(app)) {
    add_man_command(text, *command, command->get_name());
  }
  text += ".SH EXAMPLES\n" + verbatim(app.get_footer());
  text +=
      ".SH FILES\nChips, networks and all else that ships by name lie in \\fIshare/systole\\fR "
      "below the directory of installation, pages of \\fBsystole help\\fR in its \\fIdocs\\fR.\n"
      ".SH ENVIRONMENT\n.TP\n.B SYSTOLE_DATA\nA directory with configs and workloads, looked at "
      "first.\n.TP\n.B NO_COLOR\nNo colours on a terminal.\n.TP\n.B COLUMNS\nThe width of a "
      "terminal.\n";
  return text;
}

std::string bash_completion(const CLI::App& app) {
  return fmt::format(R"bash(# Completion of bash for systole; made by 'systole help bash'.
_systole_names() {{
  systole list --format names 2>/dev/null | sed -n "s/^$1 //p"
}}

_systole() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}"
  local path='' actions options arguments index place=0 kind
  for ((index = 1; index < COMP_CWORD; ++index)); do
    _systole_table "${{path}}"
    if [[ " ${{actions}} " == *" ${{COMP_WORDS[index]}} "* ]]; then
      path="${{path:+${{path}} }}${{COMP_WORDS[index]}}"
    elif [[ "${{COMP_WORDS[index]}}" != -* && "${{COMP_WORDS[index-1]}}" != -* ]]; then
      place=$((place + 1))
    fi
  done
  _systole_table "${{path}}"
  COMPREPLY=()
  if [[ "${{word}}" == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "${{options}}" -- "${{word}}")
  elif [[ -n "${{actions}}" ]]; then
    mapfile -t COMPREPLY < <(compgen -W "${{actions}}" -- "${{word}}")
  else
    local kinds
    read -ra kinds <<<"${{arguments}}"
    kind="${{kinds[place]:-file}}"
    if [[ "${{kind}}" != file && "${{before}}" != -* ]]; then
      [[ "${{kind}}" == any ]] && kind='[a-z]*'
      mapfile -t COMPREPLY < <(compgen -W "$(_systole_names "${{kind}}")" -- "${{word}}")
    fi
    if ((${{#COMPREPLY[@]}} == 0)); then
      mapfile -t COMPREPLY < <(compgen -f -- "${{word}}")
    fi
  fi
}}

_systole_table() {{
  actions='' options='' arguments=''
  case "$1" in
{}  esac
}}

complete -o filenames -F _systole systole
)bash",
                     shell_table(app));
}

std::string zsh_completion(const CLI::App& app) {
  return fmt::format(R"zsh(#compdef systole
# Completion of zsh for systole; made by 'systole help zsh'.
_systole_table() {{
  actions='' options='' arguments=''
  case "$1" in
{}  esac
}}

_systole() {{
  local path_='' actions options arguments kind
  local -i index place=1
  for ((index = 2; index < CURRENT; ++index)); do
    _systole_table "$path_"
    if [[ " $actions " == *" ${{words[index]}} "* ]]; then
      path_="${{path_:+$path_ }}${{words[index]}}"
    elif [[ ${{words[index]}} != -* && ${{words[index-1]}} != -* ]]; then
      place+=1
    fi
  done
  _systole_table "$path_"
  if [[ ${{words[CURRENT]}} == -* ]]; then
    compadd -- ${{=options}}
  elif [[ -n $actions ]]; then
    compadd -- ${{=actions}}
  else
    kind=${{${{=arguments}}[place]:-file}}
    [[ $kind == any ]] && kind='[a-z]*'
    [[ $kind != file ]] && compadd -- $(systole list --format names 2>/dev/null | sed -n "s/^$kind //p")
    _files
  fi
}}

_systole "$@"
)zsh",
                     shell_table(app));
}

}  // namespace systole
