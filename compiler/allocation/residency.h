#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "arch/chip_spec.h"
#include "compiler/allocation/lifetimes.h"
#include "compiler/allocation/segment.h"
#include "compiler/graph/graph.h"
#include "compiler/mapping/operand_homes.h"
#include "compiler/mapping/weights.h"
#include "compiler/tiling/band.h"

namespace systole {

/// What stays in the unified buffer, and into which bands each layer's output is cut for the rest.
struct Residency {
  std::vector<bool> resident;   ///< by tensor (roots only)
  std::vector<BandSize> bands;  ///< by layer, of a part; the whole output where nothing streams
  /// By layer: neighbouring positions that are one (group_packing.h); none: of no layer several.
  std::vector<std::int64_t> pixels;
  std::vector<bool> rows_first;  ///< by layer: pooled so (tiling/rows_first.h); none: no layer
  std::vector<Segment> segments;
  std::int64_t score = 0;
};

/// A way to cut a layer into bands.
struct Cut {
  std::int64_t bytes = 0;                            ///< of the unified buffer
  std::optional<std::int64_t> score = std::nullopt;  ///< once it was asked for
  BandSize size;
};
/// What a layer is, worked out once.
struct LayerFacts {
  bool view = false;
  bool by_image = true;
  bool by_row = false;           ///< more bands never cost less
  std::int32_t first_alike = 0;  ///< the first layer that costs the same in every way
  std::int64_t constants = 0;
  OperandHomes streaming;  ///< where its operands are if nothing stays
  std::vector<GraphTensorId> born;
};
/// What searches for one network on one chip, by one choice of weights, have found out.
struct KnownCuts {
  std::vector<LayerFacts> facts;  ///< by layer
  /// By layer (the first of those that are alike), parts of the batch and homes: all cuts worth a
  /// look.
  std::map<std::tuple<std::int32_t, std::int64_t, OperandHomes>, std::vector<Cut>> cuts;
};

/// The cheapest residency, by the sum of `layer_cost` over the layers, with which layer l needs at
/// most limits[l] bytes: the resident tensors alive, the constants of this layer and of the next,
/// and room for the bands of what streams (`streaming_bytes`). Among equals what streams least.
/// Throws WorkloadError at a layer that does not fit even if everything streams row by row.
///
/// With `segments` neighbouring layers may run in parts of the batch, where what only they need
/// stays (segment.h); each part costs `border_cycles` a layer more, and a mapping with parts has to
/// cost a forty-eighth less than one without. At most 32 layers a segment, from the best 4 states.
///
/// Dynamic programming over the layers: a state is the set of resident tensors that are alive. The
/// best 256 states of a layer go on, and in any case the one in which everything streams; with
/// fewer than eight tensors alive at a time the result is the best there is.
[[nodiscard]] Residency choose_residency(const ChipSpec& chip, const Graph& graph,
                                         const TensorLives& lives,
                                         const std::vector<std::int64_t>& limits, bool segments,
                                         KnownCuts& known, const Weights& weights = {});
[[nodiscard]] Residency choose_residency(const ChipSpec& chip, const Graph& graph,
                                         const TensorLives& lives,
                                         const std::vector<std::int64_t>& limits,
                                         bool segments = false);

/// Bytes of the unified buffer that a streamed operand takes in a layer whose output is cut into
/// bands of `size`: its largest band, and as much again where there are several bands, so that one
/// moves while the other is worked on. `input`: an index into node.inputs; none: the output.
struct StreamBuffer {
  std::int64_t bytes = 0;  ///< of one, a multiple of the port width
  std::int64_t copies = 1;
};
[[nodiscard]] StreamBuffer stream_buffer(const ChipSpec& chip, const Graph& graph, const Node& node,
                                         const BandSize& size, std::optional<std::size_t> input);

/// Of all streamed operands together.
[[nodiscard]] std::int64_t stream_bytes(const ChipSpec& chip, const Graph& graph, const Node& node,
                                        const BandSize& size, const OperandHomes& homes);

}  // namespace systole
