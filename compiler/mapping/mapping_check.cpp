#include "compiler/mapping/mapping_check.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arch/dataflow.h"
#include "compiler/mapping/core_split.h"
#include "compiler/mapping/fusion.h"
#include "compiler/mapping/group_packing.h"
#include "compiler/mapping/operand_homes.h"
#include "compiler/tiling/rows_first.h"

namespace systole {

namespace {

std::string in_range(std::int64_t least, std::int64_t most, std::int64_t got) {
  return fmt::format("expected an integer in {}..{}, got {}", least, most, got);
}

/// One share of the batch.
class ShareCheck {
 public:
  ShareCheck(const ChipSpec& chip, const Graph& graph, const ShareMapping& share, bool alike)
      : chip_(chip),
        graph_(graph),
        graphs_(graph),
        share_(share),
        alike_(alike),
        lives_(tensor_lives(graph)) {}

  std::optional<MappingFault> find() {
    check_resident();
    check_segments();
    if (share_.layers.size() != graph_.nodes.size()) {
      fail("layers",
           fmt::format("expected {} layers, got {}", graph_.nodes.size(), share_.layers.size()));
    }
    for (std::size_t layer = 0; !fault_ && layer < graph_.nodes.size(); ++layer) {
      at_.layer = layer;
      check_layer(static_cast<std::int32_t>(layer), share_.layers[layer]);
    }
    at_.layer.reset();
    if (!fault_) {
      check_room();
    }
    return std::move(fault_);
  }

 private:
  void fail(std::string key, std::string message) {
    if (!fault_) {
      fault_ = at_;
      fault_->key = std::move(key);
      fault_->message = std::move(message);
    }
  }

  /// False, and the first fault, for what is out of range.
  bool within(const std::string& key, std::int64_t least, std::int64_t most, std::int64_t got) {
    if (got < least || got > most) {
      fail(key, in_range(least, most, got));
      return false;
    }
    return true;
  }

  void check_resident() {
    const std::vector<bool> kept = kept_in_dram(chip_, graph_, lives_);
    GraphTensorId before = -1;
    for (const GraphTensorId tensor : share_.resident) {
      if (tensor <= before || tensor >= static_cast<GraphTensorId>(graph_.tensors.size())) {
        fail("resident", "expected tensors in their order, each once");
        return;
      }
      before = tensor;
      const std::string& name = graph_.tensor(tensor).name;
      if (graph_.is_parameter(tensor) || lives_.root(tensor) != tensor ||
          lives_.of(tensor).first < 0) {
        fail("resident",
             fmt::format("expected tensors that layers compute from or make, got '{}'", name));
      } else if (kept[static_cast<std::size_t>(tensor)]) {
        fail("resident",
             fmt::format("expected tensors that may stay in the unified buffer, got '{}', which "
                         "{} has to take from DRAM",
                         name, chip_.name));
      }
    }
  }

  void check_segments() {
    const std::vector<std::int64_t> parts =
        alike_ ? parts_of_batch(graph_) : std::vector<std::int64_t>();
    std::int32_t end = 0;
    for (std::size_t index = 0; !fault_ && index < share_.segments.size(); ++index) {
      const Segment& segment = share_.segments[index];
      at_.segment = index;
      if (segment.first < end || segment.end <= segment.first ||
          segment.end > static_cast<std::int32_t>(graph_.nodes.size())) {
        fail("", "expected layers behind those of the segment before, the first one first");
      } else if (std::find(parts.begin(), parts.end(), segment.parts) == parts.end()) {
        fail("parts", parts.empty()
                          ? fmt::format("expected no segment: this network runs as a whole, got {}",
                                        segment.parts)
                          : fmt::format("expected one of {}, got {}", fmt::join(parts, ", "),
                                        segment.parts));
      } else {
        within("in_flight", 1, segment.parts, segment.in_flight);
      }
      for (std::int32_t layer = segment.first; !fault_ && layer < segment.end; ++layer) {
        if (!goes_by_image(graph_.node(layer))) {
          fail("",
               fmt::format("expected layers that go by images, got {}", graph_.node(layer).name));
        }
      }
      end = segment.end;
    }
    at_.segment.reset();
  }

  void check_layer(std::int32_t layer, const LayerMapping& mapping) {
    const Graph& graph = graphs_.of(segment_of(share_.segments, layer).parts);
    const Node& node = graph.node(layer);
    if (node.is_view()) {
      return;
    }
    const std::vector<BandSize> sizes = band_sizes(graph, node);
    const std::int64_t rows = sizes.front().rows;
    if (!within("rows", 1, rows, mapping.band.rows) ||
        !within("images", 1, mapping.band.rows < rows ? 1 : sizes.front().images,
                mapping.band.images)) {
      return;
    }
    const std::optional<GemmShape> gemm = gemm_shape(graph, node);
    const std::int64_t groups = gemm && may_pack(graph, node) ? gemm->groups : 1;
    if (!within("side_by_side", 1, groups, mapping.side_by_side)) {
      return;
    }
    if (groups % mapping.side_by_side != 0) {
      fail("side_by_side",
           fmt::format("expected a divisor of {} groups, got {}", groups, mapping.side_by_side));
      return;
    }
    if (mapping.side_by_side > 1 && mapping.side_by_side * gemm->n > chip_.matrix.cols) {
      fail("side_by_side",
           fmt::format("expected groups whose {} channels each fit {} columns, got {}", gemm->n,
                       chip_.matrix.cols, mapping.side_by_side));
      return;
    }
    const std::vector<std::int64_t> pixels = pixel_choices(chip_, graph, node);
    if (std::find(pixels.begin(), pixels.end(), mapping.pixels) == pixels.end()) {
      fail("pixels",
           fmt::format("expected one of {}, got {}", fmt::join(pixels, ", "), mapping.pixels));
      return;
    }
    if (mapping.rows_first && !may_pool_rows_first(graph, node)) {
      fail("rows_first",
           "expected false of what is no max pooling over rows and columns, got true");
      return;
    }
    check_plans(graph, node, mapping);
  }

  void check_plans(const Graph& graph, const Node& node, const LayerMapping& mapping) {
    const std::vector<BandPlan> wanted = band_plans(chip_, graph, node, mapping, TileSource::Dram);
    const auto words = [](const BandGemm& products) {
      return fmt::format("{} group{} of {} positions", products.groups,
                         products.groups == 1 ? "" : "s", products.positions);
    };
    for (std::size_t index = 0; !fault_ && index < mapping.plans.size(); ++index) {
      at_.plan = index;
      const BandPlan& plan = mapping.plans[index];
      const auto found = std::find_if(wanted.begin(), wanted.end(), [&](const BandPlan& one) {
        return one.products == plan.products;
      });
      if (mapping.plan_of(plan.products) != &plan.plan) {
        fail("", fmt::format("expected one plan for {}, got another", words(plan.products)));
      } else if (found == wanted.end()) {
        fail("", wanted.empty()
                     ? std::string("expected no plan for a layer without products")
                     : fmt::format("expected a plan for {}, got one for {}",
                                   words(wanted.front().products), words(plan.products)));
      } else {
        check_plan(plan, found->plan.whole.slices + found->plan.rest.slices);
      }
    }
    at_.plan.reset();
    for (const BandPlan& one : wanted) {
      if (mapping.plan_of(one.products) == nullptr) {
        fail("plans", fmt::format("expected a plan for {}, got none", words(one.products)));
      }
    }
  }

  void check_plan(const BandPlan& plan, std::int64_t slices) {
    if (!within("whole.slices", 0, slices, plan.plan.whole.slices) ||
        !within("rest.slices", 0, slices, plan.plan.rest.slices)) {
      return;
    }
    if (plan.plan.whole.slices + plan.plan.rest.slices != slices) {
      fail("", fmt::format("expected {} output slices, got {} and {}", slices,
                           plan.plan.whole.slices, plan.plan.rest.slices));
      return;
    }
    check_unit_share("whole", plan.plan.whole, plan.products.positions);
    check_unit_share("rest", plan.plan.rest, plan.products.positions);
  }

  void check_unit_share(const std::string& name, const UnitShare& share, std::int64_t positions) {
    if (share.slices == 0) {
      return;
    }
    const auto key = [&](const char* last) { return name + "." + last; };
    const GemmLoops& loops = share.loops;
    const std::int64_t limit = largest_count(chip_.matrix);
    // Parts in flight share the accumulators.
    const std::int64_t entries =
        chip_.accumulators.entries /
        segment_of(share_.segments, static_cast<std::int32_t>(*at_.layer)).in_flight;
    const bool good =
        within(key("parts"), 1, std::min(chip_.matrix.count, positions), share.parts) &&
        within(key("chunk"), 1, entries, loops.chunk) &&
        within(key("fold"), 1, limit == 0 ? loops.chunk : std::min(limit, loops.chunk),
               loops.fold) &&
        within(key("handover"), 1, loops.fold, loops.handover);
    if (!good || !loops.sums_stay) {
      return;
    }
    if (!rule_of(chip_.matrix.dataflow).unloads_outputs) {
      fail(key("sums"),
           "expected sums that leave, as no array does but an output-stationary one, got stay");
    } else if (loops.chunk != loops.fold || loops.handover != loops.fold) {
      fail(key("sums"),
           fmt::format("expected chunk, fold and handover of one size where sums stay, got {}, {} "
                       "and {}",
                       loops.chunk, loops.fold, loops.handover));
    }
  }

  void check_room() {
    const PlacedMemory placed = place_memory(chip_, graph_, share_.residency(graph_));
    if (!placed.plan) {
      at_.layer = static_cast<std::size_t>(placed.failed);
      fail("",
           fmt::format("expected tensors and bands that fit the unified buffer of {} bytes, got "
                       "more at {}",
                       chip_.buffer.capacity.count(), graph_.node(placed.failed).name));
    }
  }

  const ChipSpec& chip_;
  const Graph& graph_;
  PartGraphs graphs_;
  const ShareMapping& share_;
  bool alike_;
  TensorLives lives_;
  MappingFault at_;
  std::optional<MappingFault> fault_;
};

}  // namespace

std::optional<MappingFault> check_mapping(const ChipSpec& chip, const Graph& network,
                                          const Mapping& mapping) {
  const std::vector<std::int32_t> may_fuse = fused_layers(with_fusions(network, {}));
  std::int32_t before = -1;
  for (const std::int32_t layer : mapping.fused) {
    if (layer <= before) {
      return MappingFault{.key = "fused", .message = "expected layers in their order, each once"};
    }
    if (!std::binary_search(may_fuse.begin(), may_fuse.end(), layer)) {
      return MappingFault{
          .key = "fused",
          .message = fmt::format("expected layers that the one before can compute, got '{}'",
                                 network.node(layer).name)};
    }
    before = layer;
  }
  const Graph graph = mapped_graph(network, mapping);
  std::vector<std::int64_t> sizes;
  for (const Slice& share : images_of_cores(chip.cores, graph)) {
    if (share.size > 0 && (sizes.empty() || sizes.back() != share.size)) {
      sizes.push_back(share.size);
    }
  }
  if (mapping.shares.size() != sizes.size()) {
    return MappingFault{.key = "shares",
                        .message = fmt::format("expected shares of {} images, got {} of them",
                                               fmt::join(sizes, " and "), mapping.shares.size())};
  }
  for (std::size_t index = 0; index < sizes.size(); ++index) {
    const ShareMapping& share = mapping.shares[index];
    if (share.images != sizes[index]) {
      return MappingFault{
          .share = index,
          .key = "images",
          .message = fmt::format("expected {}, got {}", sizes[index], share.images)};
    }
    const Graph images = with_batch(graph, share.images);
    std::optional<MappingFault> fault = ShareCheck(chip, images, share, sizes.size() == 1).find();
    if (fault) {
      fault->share = index;
      return fault;
    }
    for (std::size_t layer = 0; index > 0 && layer < share.layers.size(); ++layer) {
      const std::int64_t wanted = mapping.shares.front().layers[layer].side_by_side;
      if (share.layers[layer].side_by_side != wanted) {
        return MappingFault{.share = index,
                            .layer = layer,
                            .key = "side_by_side",
                            .message = fmt::format("expected {}, as in the first share, got {}",
                                                   wanted, share.layers[layer].side_by_side)};
      }
      const std::int64_t pixels = mapping.shares.front().layers[layer].pixels;
      if (share.layers[layer].pixels != pixels) {
        return MappingFault{.share = index,
                            .layer = layer,
                            .key = "pixels",
                            .message = fmt::format("expected {}, as in the first share, got {}",
                                                   pixels, share.layers[layer].pixels)};
      }
      const bool rows_first = mapping.shares.front().layers[layer].rows_first;
      if (share.layers[layer].rows_first != rows_first) {
        return MappingFault{.share = index,
                            .layer = layer,
                            .key = "rows_first",
                            .message = fmt::format("expected {}, as in the first share, got {}",
                                                   rows_first, share.layers[layer].rows_first)};
      }
    }
  }
  return std::nullopt;
}

}  // namespace systole
