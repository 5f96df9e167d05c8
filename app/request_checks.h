#pragma once

#include "app/command_line.h"
#include "app/option_words.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own
class App;
}

namespace systole {

/// What the words ask for. Throws UserError where they contradict each other.
[[nodiscard]] Request checked_request(const CLI::App& app, Request request,
                                      const OptionWords& words);

}  // namespace systole
