#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "reference/check.h"

namespace systole {

/// A layer with a larger share of its values cut off is told of in words.
inline constexpr double kManyClipped = 0.05;

/// What a check saw of the numbers themselves: where there is a float network, a row for each input
/// and layer; of layers with many clipped values, or with clipped weights, a line each (ten at
/// most). Nothing where there is nothing to tell.
[[nodiscard]] std::string quality_text(const CheckResult& check, bool colour);

/// A list with an object for each; those of an error only with a float network. docs/report.md.
[[nodiscard]] nlohmann::ordered_json quality_json(const CheckResult& check);

/// One decimal; `exact` without an error, `-` where nothing but zeros were wanted.
[[nodiscard]] std::string sqnr_text(const TensorError& error);

/// Six digits: the same on every machine, whatever the last bit of its exp and tanh.
[[nodiscard]] nlohmann::ordered_json error_figure(double value);
/// Keys of an error: `mean_error`, `worst_error`, `worst_at`, `sqnr_db`.
void add_error(nlohmann::ordered_json& json, const TensorError& error);

}  // namespace systole
