#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arch/chip_spec.h"
#include "compiler/graph/graph.h"
#include "compiler/mapping/layer_cost.h"
#include "compiler/mapping/mapping.h"

namespace systole {

/// A way to run a layer, and what the cost model makes of it.
struct LayerCandidate {
  std::string change;  ///< by what it differs from the chosen one, in words
  LayerMapping mapping;
  OperandHomes homes;
  LayerCost cost;
  std::int64_t stream_bytes = 0;  ///< of the unified buffer: what it needs for bands
};

/// A layer as it is mapped, for a part of the batch.
struct MappedLayer {
  const Graph& graph;  ///< of the part
  std::int32_t layer = 0;
  LayerMapping mapping;
  OperandHomes homes;
  OperandHomes streaming;  ///< if nothing stayed
  OperandHomes staying;    ///< if everything did

  [[nodiscard]] const Node& node() const { return graph.node(layer); }
  /// Where its right operand's tiles come from.
  [[nodiscard]] TileSource source() const;
};

/// The same with plans by the rule for another band or packing; pooled as it is.
[[nodiscard]] LayerMapping with_rule(const ChipSpec& chip, const MappedLayer& layer,
                                     const BandSize& band, const Packing& packing);

/// As it is mapped; nothing for a view.
[[nodiscard]] LayerCandidate chosen_candidate(const ChipSpec& chip, const MappedLayer& layer);

/// Ways that differ from it in one decision: into which bands the output is cut, how many groups
/// or positions lie side by side, whether rows are pooled first, how long chunks and pieces are,
/// whether sums stay in the array, in how many parts units share the last slices. Those that cost
/// less come first; of equals in this order.
[[nodiscard]] std::vector<LayerCandidate> layer_candidates(const ChipSpec& chip,
                                                           const MappedLayer& layer);

/// The same layer with one operand that stays streaming, and one that streams staying, each in its
/// best bands. Other layers pay for that, too: what this one alone would cost.
[[nodiscard]] std::vector<LayerCandidate> residency_candidates(const ChipSpec& chip,
                                                               const MappedLayer& layer);

/// `4 bands of 14 rows`, `2 bands of 4 images`, `one band`.
[[nodiscard]] std::string band_words(const Graph& graph, const Node& node, const BandSize& band);

}  // namespace systole
