#include "compiler/mapping/mapping_neighbours.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "compiler/allocation/constants.h"
#include "compiler/mapping/alike_results.h"
#include "compiler/mapping/fusion.h"
#include "compiler/mapping/layer_ways.h"
#include "compiler/mapping/mapped_share.h"
#include "compiler/mapping/mapping_check.h"
#include "compiler/mapping/operand_homes.h"

namespace systole {

namespace {

constexpr std::size_t kMostTensors = 3;  ///< of a layer, whose homes change together
constexpr std::size_t kTriesEach = 4;    ///< that may turn out not to fit, for each that does

using Tensors = std::vector<GraphTensorId>;

bool has(const Tensors& tensors, GraphTensorId tensor) {
  return std::binary_search(tensors.begin(), tensors.end(), tensor);
}

/// A neighbour, before anybody looked whether it fits.
struct Change {
  std::string words;
  Tensors resident;
  std::map<std::int32_t, LayerMapping> layers;
  std::int64_t score = 0;  ///< more than what it replaces
};

class Neighbourhood {
 public:
  Neighbourhood(const ChipSpec& chip, const Graph& network, const Mapping& mapping,
                const Weights& weights)
      : chip_(chip),
        mapping_(mapping),
        weights_(weights),
        share_(mapping.shares.front()),
        mapped_(chip, mapped_graph(network, mapping), share_) {}

  [[nodiscard]] bool is_view(std::int32_t layer) const { return mapped_.is_view(layer); }
  [[nodiscard]] std::int32_t layer_count() const { return mapped_.layer_count(); }

  std::vector<Change> changes(std::int32_t layer, std::size_t most) {
    std::vector<Change> found;
    const Tensors tensors = movable(layer);
    for (std::size_t choice = 0; choice < std::size_t{1} << tensors.size(); ++choice) {
      std::string words;
      Tensors resident = share_.resident;
      Tensors moved;
      for (std::size_t index = 0; index < tensors.size(); ++index) {
        const bool stays = (choice >> index) % 2 == 1;
        if (stays != has(resident, tensors[index])) {
          set(resident, tensors[index], stays);
          moved.push_back(tensors[index]);
          words += fmt::format("{} {}, ", mapped_.graph().tensor(tensors[index]).name,
                               stays ? "stays" : "streams");
        }
      }
      add(found, layer, words, resident, moved, most);
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const Change& a, const Change& b) { return a.score < b.score; });
    return found;
  }

  [[nodiscard]] Mapping changed(const Change& change) const {
    Mapping mapping = mapping_;
    ShareMapping& share = mapping.shares.front();
    share.resident = change.resident;
    for (const auto& [layer, way] : change.layers) {
      share.layers[static_cast<std::size_t>(layer)] = way;
    }
    return mapping;
  }

  /// In the room that the layer has; as it is where nothing fits.
  LayerMapping best_way(std::int32_t layer) {
    const MappedLayer mapped = mapped_.layer(layer);
    const std::int64_t left = room(layer, share_.resident);
    // Where nothing streams, no band takes room.
    const bool any = streams(mapped.homes.output) ||
                     std::any_of(mapped.homes.inputs.begin(), mapped.homes.inputs.end(), streams);
    const std::optional<LayerMapping>& best =
        best_.of(mapped_, mapped, {}, any ? left : std::min<std::int64_t>(left, 0), [&] {
          std::vector<LayerWay> ways = layer_ways(chip_, mapped, left, 1, weights_);
          return ways.empty() ? std::nullopt : std::optional(std::move(ways.front().mapping));
        });
    return best ? *best : share_.layers[static_cast<std::size_t>(layer)];
  }

 private:
  static void set(Tensors& resident, GraphTensorId tensor, bool stays) {
    const auto at = std::lower_bound(resident.begin(), resident.end(), tensor);
    if (stays) {
      resident.insert(at, tensor);
    } else {
      resident.erase(at);
    }
  }

  /// Tensors of the layer that may stay or stream.
  Tensors movable(std::int32_t layer) {
    Tensors tensors;
    if (!share_.segments.empty()) {
      return tensors;  // what a segment holds is a part in size
    }
    const Graph& graph = mapped_.graph();
    const TensorLives& lives = mapped_.lives();
    const std::vector<bool> kept = kept_in_dram(chip_, graph, lives);
    const auto add = [&](GraphTensorId tensor) {
      const GraphTensorId root = lives.root(tensor);
      if (!kept[static_cast<std::size_t>(root)] && lives.of(root).first >= 0 &&
          !graph.is_parameter(root) && tensors.size() < kMostTensors &&
          std::find(tensors.begin(), tensors.end(), root) == tensors.end()) {
        tensors.push_back(root);
      }
    };
    const Node& node = graph.node(layer);
    for (std::size_t input = 0; input < graph.operand_count(node); ++input) {
      add(graph.operand(node, input));
    }
    add(node.output());
    return tensors;
  }

  void add(std::vector<Change>& found, std::int32_t layer, const std::string& words,
           const Tensors& resident, const Tensors& moved, std::size_t most) {
    Change common{.words = words, .resident = resident, .layers = {}};
    for (std::int32_t other = 0; other < layer_count(); ++other) {
      if (other == layer || is_view(other) || !touches(other, moved)) {
        continue;
      }
      const std::vector<LayerWay> ways = ways_of(other, resident, 1);
      if (ways.empty()) {
        return;
      }
      common.score += ways.front().score - present(other);
      common.layers.emplace(other, ways.front().mapping);
    }
    for (const LayerWay& way : ways_of(layer, resident, most)) {
      if (moved.empty() && way.mapping == share_.layers[static_cast<std::size_t>(layer)]) {
        continue;
      }
      Change change = common;
      const MappedLayer mapped = mapped_.layer(layer);
      change.words += way_words(mapped.graph, mapped.node(), way.mapping);
      change.score += way.score - present(layer);
      change.layers.emplace(layer, way.mapping);
      found.push_back(std::move(change));
    }
  }

  [[nodiscard]] bool touches(std::int32_t layer, const Tensors& tensors) const {
    const Graph& graph = mapped_.graph();
    const Node& node = graph.node(layer);
    const auto among = [&](GraphTensorId tensor) {
      return std::find(tensors.begin(), tensors.end(), mapped_.lives().root(tensor)) !=
             tensors.end();
    };
    bool found = among(node.output());
    for (std::size_t input = 0; !found && input < graph.operand_count(node); ++input) {
      found = among(graph.operand(node, input));
    }
    return found;
  }

  std::int64_t present(std::int32_t layer) {
    const auto [entry, fresh] = present_.try_emplace(layer, 0);
    if (fresh) {
      entry->second = present_way(chip_, mapped_.layer(layer), weights_).score;
    }
    return entry->second;
  }

  std::vector<LayerWay> ways_of(std::int32_t layer, const Tensors& resident, std::size_t most) {
    return layer_ways(chip_, mapped_.layer(layer, resident), room(layer, resident), most, weights_);
  }

  /// Bytes of the unified buffer that bands of the layer may take.
  [[nodiscard]] std::int64_t room(std::int32_t layer, const Tensors& resident) const {
    std::int64_t left = chip_.buffer.capacity.count();
    if (!share_.segments.empty()) {
      return left;  // what a segment holds is a part in size: whether it fits is checked
    }
    const auto take = [&](std::int64_t bytes) {
      left -= round_up(bytes, chip_.buffer.port_width.count());
    };
    for (const GraphTensorId tensor : resident) {
      if (mapped_.lives().of(tensor).covers(layer)) {
        take(mapped_.graph().tensor(tensor).bytes());
      }
    }
    for (std::int32_t at = layer; at < std::min(layer + 2, layer_count()); ++at) {
      take(constant_bytes(mapped_.graph(), mapped_.graph().node(at)).total());
    }
    return left;
  }

  const ChipSpec& chip_;
  const Mapping& mapping_;
  Weights weights_;
  const ShareMapping& share_;
  MappedShare mapped_;
  std::map<std::int32_t, std::int64_t> present_;  ///< scores of layers as they are
  AlikeResults<std::optional<LayerMapping>> best_;
};

}  // namespace

std::vector<MappingCandidate> neighbours_at(const ChipSpec& chip, const Graph& graph,
                                            const Mapping& mapping, std::int32_t layer,
                                            std::size_t most, const Weights& weights) {
  std::vector<MappingCandidate> found;
  if (mapping.shares.size() > 1) {
    return found;
  }
  Neighbourhood neighbourhood(chip, graph, mapping, weights);
  if (neighbourhood.is_view(layer)) {
    return found;
  }
  std::size_t tries = most * kTriesEach;
  for (const Change& change : neighbourhood.changes(layer, most)) {
    if (found.size() == most || tries-- == 0) {
      break;
    }
    Mapping changed = neighbourhood.changed(change);
    if (!check_mapping(chip, graph, changed)) {
      found.push_back({.how = fmt::format("{}: {}", graph.node(layer).name, change.words),
                       .mapping = std::move(changed),
                       .cost = {}});
    }
  }
  return found;
}

Mapping with_best_ways(const ChipSpec& chip, const Graph& graph, const Mapping& mapping,
                       const Weights& weights) {
  Mapping result = mapping;
  if (mapping.shares.size() > 1) {
    return result;
  }
  Neighbourhood neighbourhood(chip, graph, mapping, weights);
  for (std::int32_t layer = 0; layer < neighbourhood.layer_count(); ++layer) {
    if (!neighbourhood.is_view(layer)) {
      result.shares.front().layers[static_cast<std::size_t>(layer)] = neighbourhood.best_way(layer);
    }
  }
  const std::optional<MappingFault> fault = check_mapping(chip, graph, result);
  return fault ? mapping : result;
}

}  // namespace systole
