#pragma once

#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own
class App;
}

namespace systole {

/// The words behind `systole COMMAND` as the parser may take them: an option that is not there, a
/// value that is missing or given to a flag are told here, in the order in which they were written,
/// before the parser asks for what else is missing; `--x=` becomes `--x` and an empty value, which
/// whoever reads the value refuses (the parser would take the next word instead). Throws UserError:
/// `systole: no option '--bach' (did you mean '--batch'?); see 'systole run --help'`,
/// `systole: --check: expected no value, got 'yes'`,
/// `systole: --output: expected a value, got the option '-q'`,
/// `systole: -o: expected its value behind a space, got '-o=x'`.
[[nodiscard]] std::vector<std::string> command_words(const CLI::App& command,
                                                     const std::vector<std::string>& words);

}  // namespace systole
