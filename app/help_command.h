#pragma once

#include <string>

namespace systole {

/// `systole help TOPIC`: the help of a command, a page of docs/ of a data directory, or, for any
/// other word, the lines of the pages that have it, those of headings first. Without a topic the
/// pages with their titles. `man`, `bash` and `zsh` are the manual's page and the completions.
/// Throws UserError where no page has the word.
[[nodiscard]] std::string help_on(const std::string& topic);

}  // namespace systole
