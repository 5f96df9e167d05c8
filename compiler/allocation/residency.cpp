#include "compiler/allocation/residency.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include <boost/container/small_vector.hpp>
#include <fmt/format.h>

#include "arch/diag/error.h"
#include "arch/isa/chunked_list.h"
#include "compiler/allocation/alike_layers.h"
#include "compiler/allocation/constants.h"
#include "compiler/graph/hold.h"
#include "compiler/graph/kept_work.h"
#include "compiler/mapping/fusion.h"
#include "compiler/mapping/layer_cost.h"
#include "compiler/mapping/tile_source.h"

namespace systole {

namespace {

constexpr std::size_t kStates = 256;
constexpr std::size_t kStarters = 4;      ///< states that a segment may begin with
constexpr std::int32_t kLongest = 32;     ///< layers of a segment
constexpr std::size_t kChoices = 3;       ///< tensors that leave a segment, decided one by one
constexpr std::int64_t kSmall = 2048;     ///< of the buffer, what a step does without asking
constexpr std::int64_t kWorthwhile = 48;  ///< a mapping with parts wins by one in as many

/// What has been decided up to a layer.
struct State {
  std::vector<GraphTensorId> resident;  ///< of the tensors alive, ascending
  std::int64_t bytes = 0;               ///< of these
  std::int64_t score = 0;
  std::int64_t streamed = 0;  ///< bytes of the tensors that were decided to stream
  std::int32_t decision = -1;
};

/// Remembers how a state came about.
struct Decision {
  std::int32_t before = -1;
  Segment segment;
  boost::container::small_vector<BandSize, 1> sizes;          ///< of its layers
  boost::container::small_vector<GraphTensorId, 4> resident;  ///< of the tensors born in these
};

bool better(const State& a, const State& b) {
  return std::tie(a.score, a.streamed, a.resident) < std::tie(b.score, b.streamed, b.resident);
}

/// Row by row on the vector unit: bands read and write what the whole does, and what all of them
/// share once more each.
bool goes_by_row(const Work& work) {
  return std::holds_alternative<RowWork>(work) || std::holds_alternative<AddWork>(work) ||
         std::holds_alternative<RescaleWork>(work) || std::holds_alternative<SoftmaxWork>(work);
}

class Search {
 public:
  Search(const ChipSpec& chip, const Graph& graph, const TensorLives& lives,
         const std::vector<std::int64_t>& limits, bool segments, KnownCuts& known,
         const Weights& weights)
      : chip_(chip),
        graph_(graph),
        lives_(lives),
        limits_(limits),
        weights_(weights),
        graphs_(graph),
        known_(known),
        in_dram_(kept_in_dram(chip, graph, lives)) {
    if (segments) {
      parts_ = parts_of_batch(graph);
    }
    if (known_.facts.empty()) {
      find_facts();
    }
  }

  Residency solve() {
    states_ = {State{}};
    pending_.resize(graph_.nodes.size() + 1);
    for (std::int32_t layer = 0; layer < layer_count(); ++layer) {
      start_segments(layer);
      for (const GraphTensorId tensor : born_at(layer)) {
        decide(tensor);
      }
      run(layer);
      forget(layer);
    }
    return unwind();
  }

 private:
  void find_facts() {
    AlikeLayers alike(graph_);
    for (std::int32_t layer = 0; layer < layer_count(); ++layer) {
      const Node& node = graph_.node(layer);
      known_.facts.push_back({.view = node.is_view(),
                              .by_image = goes_by_image(node),
                              .by_row = goes_by_row(*kept_work(node)),
                              .first_alike = alike.first_of(layer),
                              .constants = constants_of(layer),
                              .streaming = streaming_homes(chip_, graph_, lives_, node),
                              .born = find_born_at(layer)});
    }
  }

  [[nodiscard]] std::int32_t layer_count() const {
    return static_cast<std::int32_t>(graph_.nodes.size());
  }
  [[nodiscard]] std::int64_t aligned(std::int64_t bytes) const {
    return round_up(bytes, chip_.buffer.port_width.count());
  }
  [[nodiscard]] std::int64_t tensor_bytes(GraphTensorId tensor) const {
    return aligned(graph_.tensor(tensor).bytes());
  }

  [[nodiscard]] const LayerFacts& facts(std::int32_t layer) const {
    return known_.facts[static_cast<std::size_t>(layer)];
  }
  [[nodiscard]] const std::vector<GraphTensorId>& born_at(std::int32_t layer) const {
    return facts(layer).born;
  }

  [[nodiscard]] std::vector<GraphTensorId> find_born_at(std::int32_t layer) const {
    const Node& node = graph_.node(layer);
    std::vector<GraphTensorId> born;
    const auto add = [&](GraphTensorId tensor) {
      const GraphTensorId root = lives_.root(tensor);
      if (lives_.of(root).first == layer &&
          std::find(born.begin(), born.end(), root) == born.end()) {
        born.push_back(root);
      }
    };
    for (std::size_t input = 0; input < graph_.operand_count(node); ++input) {
      add(graph_.operand(node, input));
    }
    add(node.output());
    return born;
  }

  /// Each state in two: with the tensor in the buffer, and without. What the array loads from DRAM
  /// goes there and stays nowhere else. The many small tensors of a training step, such as a number
  /// for each channel, stay wherever there is room: they would leave no states for the others.
  void decide(GraphTensorId tensor) {
    const bool has_choice = !in_dram_[static_cast<std::size_t>(tensor)];
    const std::int64_t bytes = tensor_bytes(tensor);
    const bool is_small = graph_.step && bytes <= chip_.buffer.capacity.count() / kSmall;
    const std::size_t before = states_.size();
    for (std::size_t index = 0; index < before; ++index) {
      if (!has_choice) {
        states_[index].streamed += bytes;
        continue;
      }
      const bool fits = states_[index].bytes + bytes <= chip_.buffer.capacity.count();
      if (is_small && fits) {
        let_stay(states_[index], tensor, bytes);
        continue;
      }
      if (fits) {
        states_.push_back(states_[index]);
        let_stay(states_.back(), tensor, bytes);
      }
      states_[index].streamed += bytes;
    }
    keep_best();
  }

  static void let_stay(State& state, GraphTensorId tensor, std::int64_t bytes) {
    state.resident.insert(std::upper_bound(state.resident.begin(), state.resident.end(), tensor),
                          tensor);
    state.bytes += bytes;
  }

  /// The best states, and the one that needs least room.
  void keep_best() {
    if (states_.size() <= kStates) {
      return;
    }
    std::sort(states_.begin(), states_.end(), better);
    const auto smallest =
        std::min_element(states_.begin(), states_.end(),
                         [](const State& a, const State& b) { return a.bytes < b.bytes; });
    if (smallest - states_.begin() >= std::ptrdiff_t{kStates}) {
      std::swap(*smallest, states_[kStates - 1]);
    }
    states_.resize(kStates);
  }

  /// Adds the layer to each state that it fits in.
  void run(std::int32_t layer) {
    const std::int64_t constants = constants_at(layer);
    std::vector<State> next;
    for (State& state : states_) {
      const std::int64_t room = limits_[static_cast<std::size_t>(layer)] - state.bytes - constants;
      const std::optional<Cut> cut = best_cut(layer, state.resident, room, 1);
      if (!cut) {
        continue;
      }
      state.score += *cut->score;
      Decision decision{.before = state.decision,
                        .segment = {.first = layer, .end = layer + 1},
                        .sizes = {cut->size},
                        .resident = {}};
      for (const GraphTensorId tensor : born_at(layer)) {
        if (std::binary_search(state.resident.begin(), state.resident.end(), tensor)) {
          decision.resident.push_back(tensor);
        }
      }
      decisions_.push_back(std::move(decision));
      state.decision = static_cast<std::int32_t>(decisions_.size()) - 1;
      next.push_back(std::move(state));
    }
    if (next.empty()) {
      refuse(layer);
    }
    states_ = std::move(next);
  }

  /// With those of the layer that it does as well.
  [[nodiscard]] std::int64_t constants_of(std::int32_t layer) const {
    const Node& node = graph_.node(layer);
    const Node* behind = fused_behind(graph_, layer);
    return (node.fused ? 0 : aligned(constant_bytes(graph_, node).total())) +
           (behind == nullptr ? 0 : aligned(constant_bytes(graph_, *behind).total()));
  }
  [[nodiscard]] std::int64_t constants_at(std::int32_t layer) const {
    return facts(layer).constants + (layer + 1 < layer_count() ? facts(layer + 1).constants : 0);
  }

  [[noreturn]] void refuse(std::int32_t layer) const {
    const Node& node = graph_.node(layer);
    const BandSize rows = band_sizes(graph_, node).back();
    throw WorkloadError(
        node.location, node.name,
        fmt::format(
            "expected a layer that fits the unified buffer of {} bytes one output row "
            "at a time, got {} bytes of constants and rows",
            chip_.buffer.capacity.count(),
            constants_at(layer) + stream_bytes(chip_, graph_, node, rows, facts(layer).streaming)));
  }

  /// States that differ only in tensors that nobody needs any more become one.
  void forget(std::int32_t layer) {
    std::vector<State> all;
    for (auto& [resident, state] : pending_[static_cast<std::size_t>(layer) + 1]) {
      all.push_back(std::move(state));
    }
    for (State& state : states_) {
      forget(state, layer);
      all.push_back(std::move(state));
    }
    // The best of those with the same tensors; of equals the first.
    std::stable_sort(all.begin(), all.end(), [](const State& a, const State& b) {
      return std::tie(a.resident, a.score, a.streamed) < std::tie(b.resident, b.score, b.streamed);
    });
    const auto same = [](const State& a, const State& b) { return a.resident == b.resident; };
    all.erase(std::unique(all.begin(), all.end(), same), all.end());
    states_ = std::move(all);
    keep_best();
  }

  /// Drops the tensors that nobody needs behind the layer.
  void forget(State& state, std::int32_t layer) const {
    const auto dead = [&](GraphTensorId tensor) { return lives_.of(tensor).last <= layer; };
    for (const GraphTensorId tensor : state.resident) {
      state.bytes -= dead(tensor) ? tensor_bytes(tensor) : 0;
    }
    state.resident.erase(std::remove_if(state.resident.begin(), state.resident.end(), dead),
                         state.resident.end());
  }

  Residency unwind() const {
    Residency result{.resident = std::vector<bool>(graph_.tensors.size(), false),
                     .bands = std::vector<BandSize>(graph_.nodes.size()),
                     .pixels = {},
                     .rows_first = {},
                     .segments = {}};
    const auto last = std::min_element(states_.begin(), states_.end(), better);
    result.score = last->score;
    for (std::int32_t at = last->decision; at >= 0;
         at = decisions_[static_cast<std::size_t>(at)].before) {
      const Decision& decision = decisions_[static_cast<std::size_t>(at)];
      std::copy(decision.sizes.begin(), decision.sizes.end(),
                result.bands.begin() + decision.segment.first);
      if (decision.segment.parts > 1) {
        result.segments.insert(result.segments.begin(), decision.segment);
      }
      for (const GraphTensorId tensor : decision.resident) {
        result.resident[static_cast<std::size_t>(tensor)] = true;
      }
    }
    return result;
  }

  // --- segments ---

  /// The segments that begin at a layer, for the best states there.
  void start_segments(std::int32_t layer) {
    if (parts_.empty()) {
      return;
    }
    std::vector<State> starters = states_;
    const std::size_t some = std::min(kStarters, starters.size());
    std::partial_sort(starters.begin(), starters.begin() + static_cast<std::ptrdiff_t>(some),
                      starters.end(), better);
    starters.resize(some);
    for (const std::int64_t parts : parts_) {
      for (const State& state : starters) {
        Segment segment{.first = layer, .end = layer, .parts = parts};
        do {
          ++segment.end;
        } while (facts(segment.end - 1).by_image && run(segment, state) &&
                 segment.end < std::min(layer + kLongest, layer_count()));
      }
    }
  }

  /// What the layers of a segment hold by themselves, and what of it others need afterwards.
  struct Held {
    std::vector<GraphTensorId> inner;
    std::vector<GraphTensorId> leaving;
    std::vector<std::int64_t> bytes;  ///< by layer: of the inner tensors that stay
    std::int64_t constants = 0;       ///< of all its layers
  };

  [[nodiscard]] Held held_by(const Segment& segment) {
    Held held;
    held.bytes.resize(static_cast<std::size_t>(segment.end - segment.first));
    const Graph& part = graphs_.of(segment.parts);
    for (std::int32_t layer = segment.first; layer < segment.end; ++layer) {
      held.constants += facts(layer).constants;
      for (const GraphTensorId tensor : born_at(layer)) {
        const Lifetime& life = lives_.of(tensor);
        if (!segment.holds(life)) {
          held.leaving.push_back(tensor);
        } else if (!in_dram_[static_cast<std::size_t>(tensor)]) {
          held.inner.push_back(tensor);
          for (std::int32_t at = life.first; at <= life.last; ++at) {
            held.bytes[static_cast<std::size_t>(at - segment.first)] +=
                aligned(part.tensor(tensor).bytes());
          }
        }
      }
    }
    return held;
  }

  /// Adds a segment to a state, once for each choice of what stays of that which leaves it. False
  /// when its own tensors do not fit, so that no longer one fits either.
  bool run(const Segment& segment, const State& before) {
    const Held held = held_by(segment);
    for (std::int32_t layer = segment.first; layer < segment.end; ++layer) {
      if (held.bytes[static_cast<std::size_t>(layer - segment.first)] + held.constants +
              before.bytes >
          limits_[static_cast<std::size_t>(layer)]) {
        return false;
      }
    }
    if (held.inner.empty()) {
      return true;  // bands do the same
    }
    std::vector<GraphTensorId> free;
    std::copy_if(held.leaving.begin(), held.leaving.end(), std::back_inserter(free),
                 [&](GraphTensorId tensor) { return !in_dram_[static_cast<std::size_t>(tensor)]; });
    const std::size_t choices = std::size_t{1} << std::min(free.size(), kChoices);
    for (std::size_t choice = 0; choice < choices; ++choice) {
      State state = before;
      for (const GraphTensorId tensor : held.leaving) {
        const auto at = std::find(free.begin(), free.end(), tensor) - free.begin();
        const bool stays = static_cast<std::size_t>(at) < std::min(free.size(), kChoices) &&
                           (choice >> static_cast<std::size_t>(at)) % 2 == 1;
        if (stays) {
          state.bytes += tensor_bytes(tensor);
          state.resident.push_back(tensor);
        } else {
          state.streamed += tensor_bytes(tensor);
        }
      }
      run(segment, held, state);
    }
    return true;
  }

  void run(const Segment& segment, const Held& held, State state) {
    std::vector<GraphTensorId> resident = state.resident;
    resident.insert(resident.end(), held.inner.begin(), held.inner.end());
    std::sort(resident.begin(), resident.end());
    const std::int64_t behind = segment.end < layer_count() ? facts(segment.end).constants : 0;
    boost::container::small_vector<BandSize, 1> sizes;
    for (std::int32_t layer = segment.first; layer < segment.end; ++layer) {
      const std::int64_t room = limits_[static_cast<std::size_t>(layer)] - state.bytes -
                                held.bytes[static_cast<std::size_t>(layer - segment.first)] -
                                held.constants - (layer + 1 == segment.end ? behind : 0);
      const std::optional<Cut> cut = best_cut(layer, resident, room, segment.parts);
      if (!cut) {
        return;
      }
      sizes.push_back(cut->size);
      state.score += segment.parts * *cut->score;
      state.score += facts(layer).view ? 0 : (segment.parts - 1) * border_cycles();
    }
    std::sort(state.resident.begin(), state.resident.end());
    forget(state, segment.end - 1);
    auto& there = pending_[static_cast<std::size_t>(segment.end)];
    const auto [entry, fresh] = there.try_emplace(state.resident, state);
    if (fresh || better(state, entry->second)) {
      decisions_.push_back({.before = state.decision,
                            .segment = segment,
                            .sizes = std::move(sizes),
                            .resident = {resident.begin(), resident.end()}});
      state.decision = static_cast<std::int32_t>(decisions_.size()) - 1;
      entry->second = std::move(state);
    }
  }

  /// What a layer's pipeline takes to fill and drain.
  [[nodiscard]] std::int64_t border_cycles() const {
    return chip_.matrix.rows + chip_.matrix.cols + chip_.vector.latency.count();
  }

  // --- one layer ---

  /// The cheapest cut that fits `room`; of equals the one with fewest bands.
  [[nodiscard]] std::optional<Cut> best_cut(std::int32_t layer,
                                            const std::vector<GraphTensorId>& resident,
                                            std::int64_t room, std::int64_t parts) {
    if (room < 0) {
      return std::nullopt;
    }
    if (facts(layer).view) {
      return Cut{.score = 0, .size = {}};
    }
    const Way& way = way_of(layer, resident, parts);
    const Graph& graph = graphs_.of(parts);
    const Cut* best = nullptr;
    for (Cut& cut : *way.cuts) {
      if (cut.bytes > room) {
        continue;
      }
      if (!cut.score) {
        cut.score = layer_cost(chip_, graph, graph.node(layer), cut.size, way.homes, weights_)
                        .score(weights_);
      }
      best = best == nullptr || *cut.score < *best->score ? &cut : best;
      if (facts(layer).by_row) {
        break;
      }
    }
    return best == nullptr ? std::nullopt : std::optional(*best);
  }

  /// What follows from which operands of a layer stay.
  struct Way {
    std::vector<bool> stay;  ///< by operand, then the output
    OperandHomes homes;
    std::vector<Cut>* cuts = nullptr;
  };

  /// Most states of a layer agree on its operands.
  const Way& way_of(std::int32_t layer, const std::vector<GraphTensorId>& resident,
                    std::int64_t parts) {
    if (layer != layer_of_ways_ || parts != parts_of_ways_) {
      ways_.clear();
      layer_of_ways_ = layer;
      parts_of_ways_ = parts;
    }
    const Node& node = graph_.node(layer);
    stay_.clear();
    const auto add = [&](GraphTensorId tensor) {
      stay_.push_back(std::binary_search(resident.begin(), resident.end(), lives_.root(tensor)));
    };
    for (std::size_t input = 0; input < facts(layer).streaming.inputs.size(); ++input) {
      add(graph_.operand(node, input));
    }
    add(node.output());
    const auto known =
        std::find_if(ways_.begin(), ways_.end(), [&](const Way& way) { return way.stay == stay_; });
    if (known != ways_.end()) {
      return *known;
    }
    ways_.push_back({.stay = stay_,
                     .homes = homes_with(graph_, lives_, layer, facts(layer).streaming, resident)});
    ways_.back().cuts = &cuts_of(layer, ways_.back().homes, parts);
    return ways_.back();
  }

  /// All cuts of a part worth a look, the fewest bands first.
  std::vector<Cut>& cuts_of(std::int32_t layer, const OperandHomes& homes, std::int64_t parts) {
    const auto [entry, fresh] = known_.cuts.try_emplace({facts(layer).first_alike, parts, homes});
    if (!fresh) {
      return entry->second;
    }
    const Graph& graph = graphs_.of(parts);
    const Node& node = graph.node(layer);
    std::vector<BandSize> sizes = band_sizes(graph, node);
    if (!homes.any_moves()) {
      sizes.resize(1);
    }
    std::vector<Cut>& cuts = entry->second;
    for (const BandSize& size : sizes) {
      cuts.push_back({.bytes = stream_bytes(chip_, graph, node, size, homes), .size = size});
    }
    return cuts;
  }

  const ChipSpec& chip_;
  const Graph& graph_;
  const TensorLives& lives_;
  const std::vector<std::int64_t>& limits_;
  Weights weights_;
  PartGraphs graphs_;
  KnownCuts& known_;
  std::vector<Way> ways_;  ///< of one layer and one number of parts
  std::int32_t layer_of_ways_ = -1;
  std::int64_t parts_of_ways_ = 0;
  std::vector<bool> stay_;           ///< of the way that is looked for
  std::vector<std::int64_t> parts_;  ///< of the batch that are tried
  std::vector<bool> in_dram_;        ///< by tensor (roots only)
  std::vector<State> states_;
  /// By layer: states that segments which end before it lead to, by their tensors.
  std::vector<std::map<std::vector<GraphTensorId>, State>> pending_;
  ChunkedList<Decision> decisions_;
};

}  // namespace

StreamBuffer stream_buffer(const ChipSpec& chip, const Graph& graph, const Node& node,
                           const BandSize& size, std::optional<std::size_t> input) {
  const GraphTensor& tensor = graph.tensor(input ? graph.operand(node, *input) : node.output());
  std::int64_t largest = 0;
  std::int64_t bands = 0;
  for (const BandRun& run : band_runs(graph, node, size)) {
    const Band part = input ? input_band(graph, node, *input, run.band) : run.band;
    largest = std::max(largest, band_elements(tensor.shape(), part));
    bands += run.count;
  }
  return {.bytes = round_up(bytes_of(tensor.type.element, largest), chip.buffer.port_width.count()),
          .copies = bands > 1 ? 2 : 1};
}

std::int64_t stream_bytes(const ChipSpec& chip, const Graph& graph, const Node& node,
                          const BandSize& size, const OperandHomes& homes) {
  if (is_hold(graph, node)) {
    return 0;  // at once, from or to where one of both stays
  }
  std::int64_t bytes = 0;
  const auto add = [&](std::optional<std::size_t> input) {
    const StreamBuffer buffer = stream_buffer(chip, graph, node, size, input);
    bytes += buffer.bytes * buffer.copies;
  };
  for (std::size_t input = 0; input < homes.inputs.size(); ++input) {
    if (streams(homes.inputs[input])) {
      add(input);
    }
  }
  if (streams(homes.output)) {
    add(std::nullopt);
  }
  return bytes;
}

Residency choose_residency(const ChipSpec& chip, const Graph& graph, const TensorLives& lives,
                           const std::vector<std::int64_t>& limits, bool segments) {
  KnownCuts known;
  return choose_residency(chip, graph, lives, limits, segments, known);
}

Residency choose_residency(const ChipSpec& chip, const Graph& graph, const TensorLives& lives,
                           const std::vector<std::int64_t>& limits, bool segments, KnownCuts& known,
                           const Weights& weights) {
  Residency whole = Search(chip, graph, lives, limits, false, known, weights).solve();
  const bool streams = std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) {
    const GraphTensorId root = lives.root(node.output());
    return !node.is_view() && !whole.resident[static_cast<std::size_t>(root)];
  });
  if (!segments || !streams) {
    return whole;
  }
  Residency parts = Search(chip, graph, lives, limits, true, known, weights).solve();
  return parts.score < whole.score - whole.score / kWorthwhile ? parts : whole;
}

}  // namespace systole
