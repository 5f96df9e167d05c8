#pragma once

#include <string>

#include "report/text_options.h"
#include "study/result.h"

namespace systole {

/// Of a training step; empty for any other run.
[[nodiscard]] std::string training_text(const Result& result, const TextOptions& options);

}  // namespace systole
