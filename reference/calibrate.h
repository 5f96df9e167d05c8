#pragma once

#include "compiler/frontend/quantized_network.h"

namespace systole {

/// Finds how a network of reals is quantised by running it on its inputs (docs/numerics.md): the
/// smallest and the largest number that each tensor has, and each function that is looked up gets,
/// over all images of the batch, 0 among them.
[[nodiscard]] QuantizationChoice calibrated(const Network& real);

/// The network as int8: as its file says, and where that says nothing, by calibration.
[[nodiscard]] Network quantized(const Network& real);

}  // namespace systole
