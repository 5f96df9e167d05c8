#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "report/text_options.h"
#include "study/result.h"

namespace systole {

/// Cycles that a layer added to the run beyond its own bound: its exposed cycles less those of its
/// roofline, and none where other layers hid its work.
[[nodiscard]] CoreCycles lost_cycles(const Result& result, std::size_t layer);

/// The layers that are shown, in their order. Views come last where layers are ordered by a figure;
/// equal figures keep the network's order.
[[nodiscard]] std::vector<std::size_t> shown_layers(const Result& result,
                                                    const TextOptions& options);

/// A row per layer that is shown, and what the columns mean; empty where none is shown.
[[nodiscard]] std::string layer_table(const Result& result, const TextOptions& options);

}  // namespace systole
