#pragma once

#include <string>

#include "report/text_options.h"
#include "study/result.h"

namespace systole {

/// What a network with phases did in tokens: a block of lines, nothing for other networks.
[[nodiscard]] std::string language_text(const Result& result, const TextOptions& options = {});

}  // namespace systole
