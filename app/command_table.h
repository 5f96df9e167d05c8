#pragma once

#include "app/command_line.h"
#include "app/option_words.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own
class App;
}

namespace systole {

/// Everything that the command line may hold.
void add_table(CLI::App& app, Request& request, OptionWords& words);

}  // namespace systole
