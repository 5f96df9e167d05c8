#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "app/command_line.h"
#include "arch/chip_spec.h"
#include "compiler/frontend/read_network.h"
#include "report/text_options.h"

namespace systole {

/// `systole serve`: the report. `network` reads the request's network, with its batch, phase and
/// sizes as they stand in the request that it is given.
[[nodiscard]] std::string run_serve(const Request& request, const ChipSpec& chip,
                                    const std::function<Network(const Request&)>& network,
                                    const TextOptions& options,
                                    const std::function<void(std::string_view)>& on_stage);

}  // namespace systole
