#pragma once

#include "app/command_line.h"
#include "app/option_words.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own
class App;
}

namespace systole {

/// `systole dram`.
void add_dram(CLI::App& app, DramRequest& dram, OptionWords& words, Request& request);
[[nodiscard]] DramRequest checked_dram(DramRequest dram, const OptionWords& words);

}  // namespace systole
