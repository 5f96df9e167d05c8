#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/command_line.h"
#include "arch/chip_spec.h"
#include "compiler/frontend/read_network.h"
#include "report/text_options.h"

namespace systole {

/// `systole explain`: the report. `changed`: the request's chip with more `--set`. Throws UserError
/// where the network has no such layer.
[[nodiscard]] std::string run_explain(
    const Request& request, const ChipSpec& chip, const Network& network,
    const std::function<ChipSpec(const std::vector<std::string>& sets)>& changed,
    const TextOptions& options, const std::function<void(std::string_view)>& on_stage);

}  // namespace systole
