#pragma once

#include <functional>
#include <string_view>

#include "app/command_line.h"
#include "arch/chip_spec.h"
#include "study/generate.h"

namespace systole {

/// The same request for one run of a generation: its phase and sizes in place of the request's.
[[nodiscard]] Request with_choice(Request request, const DimChoice& choice);
/// The run of a generation that its report is of: the last step, or the prompt where one token is
/// all.
[[nodiscard]] DimChoice reported_choice(const Request& request);
/// `--phase generate`: the prompt and the steps behind it.
[[nodiscard]] Generation generation_of(const Request& request, const ChipSpec& chip,
                                       const NetworkInPhase& network,
                                       const std::function<void(std::string_view)>& on_stage);

}  // namespace systole
