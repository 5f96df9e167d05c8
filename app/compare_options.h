#pragma once

#include "app/command_line.h"
#include "app/option_words.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own
class App;
}

namespace systole {

/// `systole compare`.
void add_compare(CLI::App& app, Request& request, OptionWords& words);
[[nodiscard]] CompareCommand checked_compare(CompareCommand compare, const OptionWords& words);

}  // namespace systole
