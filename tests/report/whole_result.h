#pragma once

#include <string>

#include "report/run_extras.h"
#include "study/result.h"

namespace systole {

struct WholeResult {
  Result result;
  RunExtras extras;
};

/// The sample's counts on a shipped chip, with everything that its description allows: energy,
/// area, cost with a cloud price, a failed check, provenance, a deadline, a device beside it; a
/// card's power and price.
[[nodiscard]] WholeResult whole_result(const std::string& chip);

}  // namespace systole
