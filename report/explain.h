#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "report/text_options.h"
#include "study/explain.h"

namespace systole {

/// How a network is mapped, for people: the whole, a row a layer, the loop nests of those that lose
/// most (options.layers of them; three where nobody says), the buffer over time, and what changes
/// of hardware win. With `layer` that layer alone. docs/mapping.md explains every figure.
[[nodiscard]] std::string explanation_text(const Explanation& explanation,
                                           const TextOptions& options,
                                           std::optional<std::size_t> layer = std::nullopt);

/// The same for programs: JSON of schema `systole.explain/1`, every layer of it, or `layer` alone.
[[nodiscard]] nlohmann::ordered_json explanation_json(
    const Explanation& explanation, std::optional<std::size_t> layer = std::nullopt);

}  // namespace systole
