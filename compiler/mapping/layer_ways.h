#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arch/chip_spec.h"
#include "compiler/mapping/layer_candidates.h"
#include "compiler/mapping/mapping.h"
#include "compiler/mapping/weights.h"

namespace systole {

/// A way to run a layer, and how long that takes by itself (layer_time.h).
struct LayerWay {
  LayerMapping mapping;
  CoreCycles time{0};
  std::int64_t score = 0;  ///< time, and the DRAM's work as it is weighed
};

/// Ways to run a layer whose operands are where `layer` has them, those of the lowest score first,
/// at most `most` of them: all bands that fit `room` bytes and all groups side by side; the best of
/// these with all sizes of chunks and pieces, both places of sums, all parts of the last slices.
/// Always the same.
[[nodiscard]] std::vector<LayerWay> layer_ways(const ChipSpec& chip, const MappedLayer& layer,
                                               std::int64_t room, std::size_t most,
                                               const Weights& weights = {.dram = 0});

/// How long it takes as it is mapped.
[[nodiscard]] LayerWay present_way(const ChipSpec& chip, const MappedLayer& layer,
                                   const Weights& weights = {.dram = 0});

/// `4 bands of 14 rows, 8 groups side by side, chunks of 64 and pieces of 32 positions`.
[[nodiscard]] std::string way_words(const Graph& graph, const Node& node,
                                    const LayerMapping& mapping);

}  // namespace systole
