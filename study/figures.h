#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "study/result.h"

namespace systole {

/// One number of a result, under the key that it has in the JSON report: `total.cycles`,
/// `energy.joules`, `cost.unit_usd.total`. Counts are exact up to 2^53; true is 1, false 0.
struct Figure {
  std::string key;
  double value = 0;
  std::string_view unit;  ///< `cycles`, `J`, `mm2`; empty for a share, a flag or a plain count
};

/// Every number of the report that is one of the whole run (those of layers are in lists), in the
/// report's order. What the report has as null is left out, as are the dollars of the card, the
/// deadline and the devices beside it, which need more than the result.
[[nodiscard]] std::vector<Figure> figures_of(const Result& result);

/// The one of that key, if there is one.
[[nodiscard]] std::optional<Figure> figure_named(const Result& result, std::string_view key);

}  // namespace systole
