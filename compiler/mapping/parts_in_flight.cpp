#include "compiler/mapping/parts_in_flight.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "arch/diag/error.h"
#include "compiler/allocation/constants.h"
#include "compiler/mapping/alike_results.h"
#include "compiler/mapping/choose_mapping.h"
#include "compiler/mapping/core_split.h"
#include "compiler/mapping/mapped_share.h"
#include "compiler/mapping/mapping_check.h"
#include "compiler/mapping/mapping_neighbours.h"

namespace systole {

namespace {

/// Quarters of the buffer that parts may take; what enters or leaves them needs the rest.
constexpr std::array<std::int64_t, 3> kQuarters{4, 3, 2};

std::int64_t constants_of_all(const ChipSpec& chip, const Graph& graph) {
  std::int64_t bytes = 0;
  for (const Node& node : graph.nodes) {
    bytes += round_up(constant_bytes(graph, node).total(), chip.buffer.port_width.count());
  }
  return bytes;
}

/// Of every layer, once.
std::vector<LayerTime> times_of(const ChipSpec& chip, const Graph& graph,
                                const ShareMapping& share) {
  MappedShare mapped(chip, graph, share);
  AlikeResults<LayerTime> known;
  std::vector<LayerTime> times(graph.nodes.size());
  for (std::int32_t layer = 0; layer < mapped.layer_count(); ++layer) {
    if (!mapped.is_view(layer)) {
      const MappedLayer now = mapped.layer(layer);
      times[static_cast<std::size_t>(layer)] = known.of(mapped, now, [&] {
        return layer_times(chip, now.graph, now.node(), now.mapping, now.homes);
      });
    }
  }
  return times;
}

/// Which layers run in flight, so that all take least.
class Pieces {
 public:
  Pieces(const Graph& graph, const ShareMapping& own, std::vector<LayerTime> of_own,
         std::vector<LayerTime> of_part, std::int64_t parts, std::int64_t in_flight)
      : graph_(graph),
        own_(own),
        of_own_(std::move(of_own)),
        of_part_(std::move(of_part)),
        parts_(parts),
        in_flight_(in_flight) {}

  /// The segments with parts in flight; none where nothing is won.
  std::vector<Segment> best() {
    const std::size_t layers = of_own_.size();
    least_.assign(layers + 1, CoreCycles(std::numeric_limits<std::int64_t>::max() / 2));
    last_.assign(layers + 1, Segment());
    least_[0] = CoreCycles(0);
    for (std::int32_t first = 0; first < static_cast<std::int32_t>(layers); ++first) {
      if (may_cut(first)) {
        add_own(first);
        add_in_flight(first);
      }
    }
    std::vector<Segment> found;
    for (auto end = static_cast<std::int32_t>(layers); end > 0;) {
      const Segment& segment = last_[static_cast<std::size_t>(end)];
      if (segment.in_flight > 1) {
        found.insert(found.begin(), segment);
      }
      end = segment.first;
    }
    return found;
  }

 private:
  /// What the layer before computes goes with it.
  [[nodiscard]] bool may_cut(std::int32_t layer) const {
    return layer == static_cast<std::int32_t>(of_own_.size()) || !graph_.node(layer).fused;
  }

  void add(const Segment& segment, CoreCycles cycles) {
    const auto end = static_cast<std::size_t>(segment.end);
    const CoreCycles sum = least_[static_cast<std::size_t>(segment.first)] + cycles;
    if (may_cut(segment.end) && sum < least_[end]) {
      least_[end] = sum;
      last_[end] = segment;
    }
  }

  /// A layer, or a segment of several, as it is.
  void add_own(std::int32_t first) {
    Segment segment = segment_of(own_.segments, first);
    if (segment.first != first) {
      return;
    }
    CoreCycles cycles{0};
    const auto sum_up = [&](std::int32_t from) {
      for (std::int32_t layer = from; layer < segment.end; ++layer) {
        cycles += of_own_[static_cast<std::size_t>(layer)].cycles * segment.parts;
      }
    };
    sum_up(first);
    while (!may_cut(segment.end)) {
      ++segment.end;
      sum_up(segment.end - 1);
    }
    segment.in_flight = 1;
    add(segment, cycles);
  }

  void add_in_flight(std::int32_t first) {
    LayerTime sum;
    Segment segment{.first = first, .end = first, .parts = parts_, .in_flight = in_flight_};
    while (segment.end < static_cast<std::int32_t>(of_part_.size()) &&
           goes_by_image(graph_.node(segment.end))) {
      sum += of_part_[static_cast<std::size_t>(segment.end)];
      ++segment.end;
      add(segment, in_flight_time(sum, segment));
    }
  }

  const Graph& graph_;
  const ShareMapping& own_;
  std::vector<LayerTime> of_own_;
  std::vector<LayerTime> of_part_;
  std::int64_t parts_;
  std::int64_t in_flight_;
  std::vector<CoreCycles> least_;  ///< up to each layer
  std::vector<Segment> last_;      ///< that leads there
};

/// As `own`, but for what lies in segments.
ShareMapping joined(const Graph& graph, const ShareMapping& own, const ShareMapping& part,
                    const std::vector<Segment>& segments) {
  ShareMapping share = own;
  share.segments = segments;
  const auto covered = [&](const Segment& one) {
    return std::any_of(segments.begin(), segments.end(), [&](const Segment& segment) {
      return one.first < segment.end && segment.first < one.end;
    });
  };
  std::copy_if(own.segments.begin(), own.segments.end(), std::back_inserter(share.segments),
               [&](const Segment& one) { return !covered(one); });
  std::sort(share.segments.begin(), share.segments.end(),
            [](const Segment& a, const Segment& b) { return a.first < b.first; });
  const TensorLives lives = tensor_lives(graph);
  const auto is_held = [&](GraphTensorId tensor) {
    const Segment segment = segment_of(segments, lives.of(tensor).first);
    return segment.in_flight > 1 && segment.holds(lives.of(tensor));
  };
  share.resident.clear();
  std::copy_if(own.resident.begin(), own.resident.end(), std::back_inserter(share.resident),
               [&](GraphTensorId tensor) { return !is_held(tensor); });
  std::copy_if(part.resident.begin(), part.resident.end(), std::back_inserter(share.resident),
               is_held);
  std::sort(share.resident.begin(), share.resident.end());
  for (const Segment& segment : segments) {
    std::copy(part.layers.begin() + segment.first, part.layers.begin() + segment.end,
              share.layers.begin() + segment.first);
  }
  return share;
}

}  // namespace

CoreCycles in_flight_time(const LayerTime& part, const Segment& segment) {
  const std::int64_t busiest =
      std::max({part.array.count(), part.vector.count(), part.dram.count(), std::int64_t{1}});
  const std::int64_t cycles = std::max(part.cycles.count(), busiest);
  const double idle = static_cast<double>(cycles - busiest) / static_cast<double>(cycles);
  const double all_idle = std::pow(idle, static_cast<double>(segment.in_flight));
  const double together =
      static_cast<double>(busiest) * static_cast<double>(segment.parts) / (1 - all_idle);
  return CoreCycles(static_cast<std::int64_t>(together) + cycles - busiest);
}

std::optional<Mapping> with_parts_in_flight(const ChipSpec& chip, const Graph& network,
                                            const Mapping& own, std::int64_t parts,
                                            std::int64_t in_flight,
                                            const std::set<std::string>& kept) {
  if (own.shares.size() > 1 || in_flight > parts) {
    return std::nullopt;
  }
  const ShareMapping& share = own.shares.front();
  const Graph graph = mapped_graph(network, own);
  const Graph images = with_batch(graph, share.images);
  const Graph part = with_batch(network, network.batch / parts);
  const std::vector<LayerTime> of_own = times_of(chip, graph, share);
  const std::int64_t room = chip.buffer.capacity.count() - constants_of_all(chip, images);
  for (const std::int64_t quarters : kQuarters) {
    ChipSpec less = chip;
    less.accumulators.entries /= in_flight;
    less.buffer.capacity = Bytes(room * quarters / 4 / in_flight / chip.buffer.port_width.count() *
                                 chip.buffer.port_width.count());
    if (less.accumulators.entries < 1 || less.buffer.capacity <= Bytes(0)) {
      return std::nullopt;
    }
    Mapping of_part;
    try {
      of_part = choose_mapping(less, part, {.parts = false, .kept = kept, .weights = {.dram = 0}});
    } catch (const WorkloadError&) {
      return std::nullopt;  // no room
    }
    if (of_part.shares.size() > 1 || of_part.fused != own.fused) {
      return std::nullopt;
    }
    of_part = with_best_ways(less, part, of_part, {.dram = 0});
    const ShareMapping& layers = of_part.shares.front();
    Pieces pieces(images, share, of_own, times_of(less, mapped_graph(part, of_part), layers), parts,
                  in_flight);
    const std::vector<Segment> segments = pieces.best();
    if (segments.empty()) {
      return std::nullopt;
    }
    Mapping mapping{.fused = own.fused, .shares = {joined(images, share, layers, segments)}};
    if (!check_mapping(chip, network, mapping)) {
      return mapping;
    }
  }
  return std::nullopt;
}

}  // namespace systole
