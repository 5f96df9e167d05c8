#pragma once

#include <cstdint>

#include "arch/chip_spec.h"
#include "compiler/graph/graph.h"
#include "compiler/mapping/mapping.h"

namespace systole {

/// A legal mapping drawn from a seed: what stays, bands, packing, chunks, pieces, shares of the
/// units, each by itself. What is fused is `base`'s, the compiler's own, which is kept where
/// nothing else is legal.
[[nodiscard]] Mapping random_mapping(const ChipSpec& chip, const Graph& graph, Mapping base,
                                     std::uint64_t seed);

}  // namespace systole
