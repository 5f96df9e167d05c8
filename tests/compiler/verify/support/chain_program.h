#pragma once

#include "arch/chip_spec.h"
#include "arch/isa/program.h"

namespace systole::testing {

/// A 32 x 32 array, 1 MiB of unified buffer, 512 accumulators, a weight FIFO of 4 tiles.
[[nodiscard]] ChipSpec edge_like_chip();

/// A correct program of `layers` equal layers, 1 x 1 convolutions of 14 x 14 x 256: per layer 64
/// folds, 64 tiles and 8 requantisations, each of which writes 32 channels of every pixel.
/// Activations alternate between two places, sums between two halves of the accumulators.
[[nodiscard]] Program chain_program(std::int32_t layers);

}  // namespace systole::testing
