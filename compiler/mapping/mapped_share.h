#pragma once

#include <cstdint>
#include <vector>

#include "arch/chip_spec.h"
#include "compiler/allocation/alike_layers.h"
#include "compiler/allocation/lifetimes.h"
#include "compiler/allocation/segment.h"
#include "compiler/graph/graph.h"
#include "compiler/mapping/core_split.h"
#include "compiler/mapping/layer_candidates.h"
#include "compiler/mapping/mapping.h"
#include "compiler/mapping/operand_homes.h"

namespace systole {

/// The layers of a share of the batch as its mapping has them. What it is made of has to outlive
/// it.
class MappedShare {
 public:
  /// `graph`: with the mapping's layers fused.
  MappedShare(const ChipSpec& chip, const Graph& graph, const ShareMapping& share)
      : chip_(chip),
        share_(share),
        graph_(with_batch(graph, share.images)),
        graphs_(graph_),
        lives_(tensor_lives(graph_)),
        alike_(graph_) {}
  MappedShare(const MappedShare&) = delete;
  MappedShare& operator=(const MappedShare&) = delete;
  MappedShare(MappedShare&&) = delete;
  MappedShare& operator=(MappedShare&&) = delete;
  ~MappedShare() = default;

  [[nodiscard]] const Graph& graph() const { return graph_; }
  [[nodiscard]] const TensorLives& lives() const { return lives_; }
  [[nodiscard]] std::int32_t layer_count() const {
    return static_cast<std::int32_t>(graph_.nodes.size());
  }
  [[nodiscard]] std::int64_t parts(std::int32_t layer) const {
    return segment_of(share_.segments, layer).parts;
  }
  /// The first layer that costs the same in every way.
  [[nodiscard]] std::int32_t first_alike(std::int32_t layer) {
    for (auto next = static_cast<std::int32_t>(firsts_.size()); next <= layer; ++next) {
      firsts_.push_back(alike_.first_of(next));
    }
    return firsts_[static_cast<std::size_t>(layer)];
  }
  [[nodiscard]] bool is_view(std::int32_t layer) const { return graph_.node(layer).is_view(); }
  [[nodiscard]] MappedLayer layer(std::int32_t layer) {
    return this->layer(layer, share_.resident);
  }
  /// If these tensors stayed instead.
  [[nodiscard]] MappedLayer layer(std::int32_t layer, const std::vector<GraphTensorId>& resident) {
    const Graph& part = graphs_.of(parts(layer));
    const OperandHomes streaming = streaming_homes(chip_, graph_, lives_, graph_.node(layer));
    return {.graph = part,
            .layer = layer,
            .mapping = share_.layers[static_cast<std::size_t>(layer)],
            .homes = homes_with(graph_, lives_, layer, streaming, resident),
            .streaming = streaming,
            .staying = staying_homes(graph_, lives_, layer, streaming)};
  }

 private:
  const ChipSpec& chip_;
  const ShareMapping& share_;
  Graph graph_;
  PartGraphs graphs_;
  TensorLives lives_;
  AlikeLayers alike_;
  std::vector<std::int32_t> firsts_;  ///< by layer, as far as was asked
};

}  // namespace systole
