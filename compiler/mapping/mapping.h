#pragma once

#include <cstdint>
#include <vector>

#include "arch/chip_spec.h"
#include "compiler/allocation/memory_plan.h"
#include "compiler/allocation/residency.h"
#include "compiler/allocation/segment.h"
#include "compiler/graph/graph.h"
#include "compiler/mapping/band_gemm.h"
#include "compiler/mapping/gemm_plan.h"
#include "compiler/mapping/group_packing.h"
#include "compiler/tiling/band.h"

namespace systole {

/// How the matrix units do the products of a band.
struct BandPlan {
  BandGemm products;
  GemmPlan plan;

  bool operator==(const BandPlan&) const = default;
};

/// Everything that is decided about one layer.
struct LayerMapping {
  BandSize band;                  ///< into which its output is cut, of a part of the batch
  std::int64_t side_by_side = 1;  ///< groups in a tile
  std::int64_t pixels = 1;        ///< neighbouring positions of an output row that are one
  bool rows_first = false;        ///< of a max pooling: as tiling/rows_first.h says
  std::vector<BandPlan> plans;    ///< of each size of band, of layers with products

  [[nodiscard]] Packing packing() const { return {.groups = side_by_side, .pixels = pixels}; }
  /// Null for a size that is not listed: its plan is then `gemm_plan`'s.
  [[nodiscard]] const GemmPlan* plan_of(const BandGemm& products) const;
  bool operator==(const LayerMapping&) const = default;
};

/// What the cores with as many images do.
struct ShareMapping {
  std::int64_t images = 1;
  std::vector<Segment> segments;        ///< layers that run in parts of the batch
  std::vector<GraphTensorId> resident;  ///< tensors that stay in the unified buffer, ascending
  std::vector<LayerMapping> layers;     ///< of every node of the graph

  [[nodiscard]] Residency residency(const Graph& graph) const;
  bool operator==(const ShareMapping&) const = default;
};

/// A mapping: everything that the compiler decides and that the numbers do not depend on, as a
/// value. Addresses, instructions and semaphores follow from it.
struct Mapping {
  /// Layers that the one before computes on the way out of the accumulators (fusion.h), ascending.
  std::vector<std::int32_t> fused;
  std::vector<ShareMapping> shares;  ///< of different numbers of images, the most first

  [[nodiscard]] const ShareMapping& share(std::int64_t images) const;
  bool operator==(const Mapping&) const = default;
};

/// The network with the mapping's layers fused; those that cannot be are left apart.
[[nodiscard]] Graph mapped_graph(const Graph& network, const Mapping& mapping);
/// The layers of a graph that are.
[[nodiscard]] std::vector<std::int32_t> fused_layers(const Graph& graph);

/// A plan by `gemm_plan` for each size of band that the layer is cut into, with its packing.
[[nodiscard]] std::vector<BandPlan> band_plans(const ChipSpec& chip, const Graph& graph,
                                               const Node& node, const LayerMapping& mapping,
                                               TileSource source, const Weights& weights = {});

/// What the compiler's rules make of a share of the batch whose memory is planned. `graph`: for
/// the share's images.
[[nodiscard]] ShareMapping share_mapping(const ChipSpec& chip, const Graph& graph,
                                         const MemoryPlan& plan, const Weights& weights = {});

}  // namespace systole
