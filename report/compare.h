#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "report/text.h"
#include "study/compared.h"

namespace systole {

/// A comparison as a table, JSON (`systole.compare/1`) or CSV; docs/compare.md explains every
/// figure.
[[nodiscard]] std::string compare_text(const Comparison& comparison, const TextOptions& options);
[[nodiscard]] std::string compare_json(const Comparison& comparison);
[[nodiscard]] nlohmann::ordered_json compare_object(const Comparison& comparison);
[[nodiscard]] std::string compare_csv(const Comparison& comparison);

/// What a time or power is a multiple of: the baseline's over the row's for times and energies, so
/// that more is better. 0 where there is no baseline.
struct RelativeFigures {
  double speed = 0;   ///< inferences a second over the baseline's
  double energy = 0;  ///< the baseline's energy an inference over the row's; 0: one is unknown
};
[[nodiscard]] RelativeFigures relative_figures(const Comparison& comparison,
                                               const ComparedDevice& row);

}  // namespace systole
