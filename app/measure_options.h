#pragma once

#include "app/command_line.h"
#include "app/option_words.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own
class App;
}

namespace systole {

/// `systole measure`.
void add_measure(CLI::App& app, Request& request, OptionWords& words);
[[nodiscard]] MeasureRequest checked_measure(MeasureRequest measure, const OptionWords& words);

}  // namespace systole
