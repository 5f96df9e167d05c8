#include "compiler/allocation/residency.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "arch/diag/error.h"
#include "compiler/allocation/constants.h"
#include "compiler/mapping/layer_cost.h"
#include "compiler/mapping/tile_source.h"

namespace systole {

namespace {

constexpr std::size_t kStates = 256;

/// A way to cut a layer into bands.
struct Cut {
  std::int64_t bytes = 0;  ///< of the unified buffer
  std::int64_t score = 0;
  BandSize size;
};

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
  std::int32_t layer = 0;
  BandSize size;
  std::vector<GraphTensorId> resident;
};

bool better(const State& a, const State& b) {
  return std::tie(a.score, a.streamed, a.resident) < std::tie(b.score, b.streamed, b.resident);
}

class Search {
 public:
  Search(const ChipSpec& chip, const Graph& graph, const TensorLives& lives,
         const std::vector<std::int64_t>& limits)
      : chip_(chip),
        graph_(graph),
        lives_(lives),
        limits_(limits),
        in_dram_(graph.tensors.size(), false) {
    for (const GraphTensorId input : graph.inputs) {
      in_dram_[static_cast<std::size_t>(input)] = has_home_in_dram(chip, graph, lives, input);
    }
    // An input that the array alone reads stays where it is; as anything else it comes.
    for (const Node& node : graph.nodes) {
      for (std::size_t input = 0; input < graph.data_inputs(node).size(); ++input) {
        if (!stays_away(node, input)) {
          in_dram_[static_cast<std::size_t>(lives.root(node.inputs[input]))] = false;
        }
      }
    }
    for (const Node& node : graph.nodes) {
      if (takes_tiles(node, kRightInput) && !chip.weight_fifo.from_buffer) {
        in_dram_[static_cast<std::size_t>(lives.root(node.inputs[kRightInput]))] = true;
      }
    }
    for (const GraphTensorId state : graph.states) {
      in_dram_[static_cast<std::size_t>(state)] = true;
    }
  }

  Residency solve() {
    states_ = {State{}};
    for (std::int32_t layer = 0; layer < layer_count(); ++layer) {
      for (const GraphTensorId tensor : born_at(layer)) {
        decide(tensor);
      }
      run(layer);
      forget(layer);
    }
    return unwind();
  }

 private:
  [[nodiscard]] std::int32_t layer_count() const {
    return static_cast<std::int32_t>(graph_.nodes.size());
  }
  [[nodiscard]] std::int64_t aligned(std::int64_t bytes) const {
    return round_up(bytes, chip_.buffer.port_width.count());
  }
  [[nodiscard]] std::int64_t tensor_bytes(GraphTensorId tensor) const {
    return aligned(graph_.tensor(tensor).bytes());
  }

  [[nodiscard]] std::vector<GraphTensorId> born_at(std::int32_t layer) const {
    const Node& node = graph_.node(layer);
    std::vector<GraphTensorId> born;
    const auto add = [&](GraphTensorId tensor) {
      const GraphTensorId root = lives_.root(tensor);
      if (lives_.of(root).first == layer &&
          std::find(born.begin(), born.end(), root) == born.end()) {
        born.push_back(root);
      }
    };
    const auto inputs = graph_.data_inputs(node);
    std::for_each(inputs.begin(), inputs.end(), add);
    add(node.output());
    return born;
  }

  /// Each state in two: with the tensor in the buffer, and without. What the array loads from DRAM
  /// goes there and stays nowhere else.
  void decide(GraphTensorId tensor) {
    const bool has_choice = !in_dram_[static_cast<std::size_t>(tensor)];
    const std::int64_t bytes = tensor_bytes(tensor);
    const std::size_t before = states_.size();
    for (std::size_t index = 0; index < before; ++index) {
      if (!has_choice) {
        states_[index].streamed += bytes;
        continue;
      }
      State stays = states_[index];
      stays.resident.insert(std::upper_bound(stays.resident.begin(), stays.resident.end(), tensor),
                            tensor);
      stays.bytes += bytes;
      states_[index].streamed += bytes;
      if (stays.bytes <= chip_.buffer.capacity.count()) {
        states_.push_back(std::move(stays));
      }
    }
    keep_best();
  }

  /// The best states, and the one that needs least room.
  void keep_best() {
    if (states_.size() <= kStates) {
      return;
    }
    std::sort(states_.begin(), states_.end(), better);
    const auto smallest = std::find_if(states_.begin(), states_.end(),
                                       [](const State& state) { return state.resident.empty(); });
    if (smallest != states_.end() && smallest - states_.begin() >= std::ptrdiff_t{kStates}) {
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
      const std::optional<Cut> cut = best_cut(layer, state, room);
      if (!cut) {
        continue;
      }
      state.score += cut->score;
      decisions_.push_back({state.decision, layer, cut->size, state.resident});
      state.decision = static_cast<std::int32_t>(decisions_.size()) - 1;
      next.push_back(std::move(state));
    }
    if (next.empty()) {
      refuse(layer);
    }
    states_ = std::move(next);
  }

  [[nodiscard]] std::int64_t constants_at(std::int32_t layer) const {
    std::int64_t bytes = aligned(constant_bytes(graph_, graph_.node(layer)).total());
    if (layer + 1 < layer_count()) {
      bytes += aligned(constant_bytes(graph_, graph_.node(layer + 1)).total());
    }
    return bytes;
  }

  [[noreturn]] void refuse(std::int32_t layer) const {
    const Node& node = graph_.node(layer);
    const BandSize rows = band_sizes(graph_, node).back();
    throw WorkloadError(
        node.location, node.name,
        fmt::format("expected a layer that fits the unified buffer of {} bytes one output row "
                    "at a time, got {} bytes of constants and rows",
                    chip_.buffer.capacity.count(),
                    constants_at(layer) + buffer_bytes(node, rows, all_stream(node))));
  }

  /// States that differ only in tensors that nobody needs any more become one.
  void forget(std::int32_t layer) {
    std::map<std::vector<GraphTensorId>, State> best;
    for (State& state : states_) {
      const auto dead = [&](GraphTensorId tensor) { return lives_.of(tensor).last <= layer; };
      for (const GraphTensorId tensor : state.resident) {
        state.bytes -= dead(tensor) ? tensor_bytes(tensor) : 0;
      }
      state.resident.erase(std::remove_if(state.resident.begin(), state.resident.end(), dead),
                           state.resident.end());
      const auto [entry, fresh] = best.try_emplace(state.resident, state);
      if (!fresh && better(state, entry->second)) {
        entry->second = std::move(state);
      }
    }
    states_.clear();
    for (auto& [resident, state] : best) {
      states_.push_back(std::move(state));
    }
    keep_best();
  }

  Residency unwind() const {
    Residency result{.resident = std::vector<bool>(graph_.tensors.size(), false),
                     .bands = std::vector<BandSize>(graph_.nodes.size())};
    const auto last = std::min_element(states_.begin(), states_.end(), better);
    for (std::int32_t at = last->decision; at >= 0;
         at = decisions_[static_cast<std::size_t>(at)].before) {
      const Decision& decision = decisions_[static_cast<std::size_t>(at)];
      result.bands[static_cast<std::size_t>(decision.layer)] = decision.size;
      for (const GraphTensorId tensor : decision.resident) {
        result.resident[static_cast<std::size_t>(tensor)] = true;
      }
    }
    return result;
  }

  // --- one layer ---

  [[nodiscard]] Home home_of(GraphTensorId tensor) const {
    return has_home_in_dram(chip_, graph_, lives_, tensor) ? Home::Dram : Home::Host;
  }

  [[nodiscard]] OperandHomes all_stream(const Node& node) const {
    OperandHomes homes;
    for (const GraphTensorId input : graph_.data_inputs(node)) {
      const Home home = home_of(input);
      const bool as_tiles = home == Home::Dram && stays_away(node, homes.inputs.size());
      homes.inputs.push_back(as_tiles ? Home::Tiles : home);
    }
    homes.output = home_of(node.output());
    return homes;
  }

  [[nodiscard]] bool arrives_at(std::int32_t layer, GraphTensorId tensor) const {
    const GraphTensorId root = lives_.root(tensor);
    return lives_.of(root).first == layer &&
           std::find(graph_.inputs.begin(), graph_.inputs.end(), root) != graph_.inputs.end();
  }

  [[nodiscard]] OperandHomes homes_in(std::int32_t layer, const State& state) const {
    const Node& node = graph_.node(layer);
    OperandHomes homes = all_stream(node);
    const auto is_resident = [&](GraphTensorId tensor) {
      return std::binary_search(state.resident.begin(), state.resident.end(), lives_.root(tensor));
    };
    for (std::size_t input = 0; input < graph_.data_inputs(node).size(); ++input) {
      if (is_resident(node.inputs[input])) {
        const bool passes =
            homes.inputs[input] == Home::Host && arrives_at(layer, node.inputs[input]);
        homes.inputs[input] = passes ? Home::Passing : Home::None;
      }
    }
    if (is_resident(node.output())) {
      homes.output = homes.output == Home::Host ? Home::Passing : Home::None;
    }
    return homes;
  }

  [[nodiscard]] std::int64_t buffer_bytes(const Node& node, const BandSize& size,
                                          const OperandHomes& homes) const {
    std::int64_t bytes = 0;
    const auto add = [&](std::optional<std::size_t> input) {
      const StreamBuffer buffer = stream_buffer(chip_, graph_, node, size, input);
      bytes += buffer.bytes * buffer.copies;
    };
    for (std::size_t input = 0; input < graph_.data_inputs(node).size(); ++input) {
      if (streams(homes.inputs[input])) {
        add(input);
      }
    }
    if (streams(homes.output)) {
      add(std::nullopt);
    }
    return bytes;
  }

  /// The cheapest cut that fits `room`; of equals the one with fewest bands.
  [[nodiscard]] std::optional<Cut> best_cut(std::int32_t layer, const State& state,
                                            std::int64_t room) {
    const Node& node = graph_.node(layer);
    if (room < 0) {
      return std::nullopt;
    }
    if (node.is_view()) {
      return Cut{};
    }
    std::optional<Cut> best;
    for (const Cut& cut : cuts_of(layer, homes_in(layer, state))) {
      if (cut.bytes <= room && (!best || cut.score < best->score)) {
        best = cut;
      }
    }
    return best;
  }

  /// All cuts worth a look, the fewest bands first.
  const std::vector<Cut>& cuts_of(std::int32_t layer, const OperandHomes& homes) {
    const auto [entry, fresh] = cuts_.try_emplace({layer, homes});
    if (!fresh) {
      return entry->second;
    }
    const Node& node = graph_.node(layer);
    std::vector<BandSize> sizes = band_sizes(graph_, node);
    if (!homes.any_moves()) {
      sizes.resize(1);
    }
    std::vector<Cut>& cuts = entry->second;
    for (const BandSize& size : sizes) {
      cuts.push_back({.bytes = buffer_bytes(node, size, homes),
                      .score = layer_cost(chip_, graph_, node, size, homes).score(),
                      .size = size});
    }
    return cuts;
  }

  const ChipSpec& chip_;
  const Graph& graph_;
  const TensorLives& lives_;
  const std::vector<std::int64_t>& limits_;
  std::vector<bool> in_dram_;  ///< by tensor (roots only)
  std::vector<State> states_;
  std::vector<Decision> decisions_;
  std::map<std::pair<std::int32_t, OperandHomes>, std::vector<Cut>> cuts_;
};

}  // namespace

StreamBuffer stream_buffer(const ChipSpec& chip, const Graph& graph, const Node& node,
                           const BandSize& size, std::optional<std::size_t> input) {
  const GraphTensor& tensor = graph.tensor(input ? node.inputs[*input] : node.output());
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

Residency choose_residency(const ChipSpec& chip, const Graph& graph, const TensorLives& lives,
                           const std::vector<std::int64_t>& limits) {
  return Search(chip, graph, lives, limits).solve();
}

}  // namespace systole
