#pragma once

#include "app/command_line.h"
#include "app/option_words.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own
class App;
}

namespace systole {

// Options that several commands have.

void add_output(CLI::App& app, Request& request, OptionWords& words);
void add_set(CLI::App& app, Request& request);
void add_dims(CLI::App& app, OptionWords& words);
void add_routing(CLI::App& app, Request& request);
void add_parameters(CLI::App& app, OptionWords& words);
void add_chip_and_network(CLI::App& app, Request& request);
void add_type_and_io(CLI::App& app, OptionWords& words);
void add_storage(CLI::App& app, OptionWords& words);
void add_inputs(CLI::App& app, Request& request, OptionWords& words);

}  // namespace systole
