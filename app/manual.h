#pragma once

#include <string>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own
class App;
}

namespace systole {

// Made from the table of commands and options that the parser uses, so that none is forgotten.

/// A page of man(1): every command with its options, arguments and examples.
[[nodiscard]] std::string man_page(const CLI::App& app);

/// Completions of commands, options and names: what ships is asked of `systole list --format json`
/// where an argument is a chip, a network, a device or a standard.
[[nodiscard]] std::string bash_completion(const CLI::App& app);
[[nodiscard]] std::string zsh_completion(const CLI::App& app);

}  // namespace systole
