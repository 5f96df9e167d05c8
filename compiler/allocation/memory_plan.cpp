#include "compiler/allocation/memory_plan.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "compiler/allocation/lifetimes.h"
#include "compiler/allocation/placement.h"
#include "compiler/allocation/residency.h"
#include "compiler/mapping/tile_source.h"

namespace systole {

namespace {

/// How much of the buffer a layer gives up per attempt when its blocks fit in sum but not in place:
/// a part as large at first, and after every few attempts another one as large.
constexpr std::int64_t kShrinkDivisor = 64;
constexpr std::int64_t kPatience = 4;

/// Chooses what stays and finds addresses; see plan_memory().
class Planner {
 public:
  Planner(const ChipSpec& chip, const Graph& graph, bool segments)
      : chip_(chip),
        graph_(graph),
        graphs_(graph),
        with_segments_(segments),
        lives_(tensor_lives(graph)),
        capacity_(chip.buffer.capacity.count()),
        alignment_(chip.buffer.port_width.count()),
        limits_(graph.nodes.size(), capacity_) {}

  MemoryPlan solve() {
    do {
      residency_ = choose_residency(chip_, graph_, lives_, limits_, with_segments_, known_);
      plan_ = {.layers = {},
               .segments = residency_.segments,
               .roots = lives_.roots,
               .resident = residency_.resident,
               .score = residency_.score};
      // Where all of the batch at once is best with the most room, it is with less.
      with_segments_ = !residency_.segments.empty();
      collect_blocks();
    } while (!place_all());
    return std::move(plan_);
  }

 private:
  [[nodiscard]] std::int32_t layer_count() const {
    return static_cast<std::int32_t>(graph_.nodes.size());
  }
  [[nodiscard]] const Node& node_of(std::int32_t layer) const { return graph_.node(layer); }
  [[nodiscard]] bool resident(GraphTensorId tensor) const {
    return residency_.resident[static_cast<std::size_t>(lives_.root(tensor))];
  }

  /// Biases and tables arrive one layer early, and stay for all parts of a segment.
  [[nodiscard]] Lifetime life_of_constants(std::int32_t layer) const {
    const Segment segment = segment_of(plan_.segments, layer);
    return {.first = std::max(layer == segment.first ? layer - 1 : segment.first, 0),
            .last = segment.end - 1};
  }
  [[nodiscard]] Segment segment_at(std::int32_t layer) const {
    return segment_of(plan_.segments, layer);
  }
  /// The network as the layer sees it.
  [[nodiscard]] const Graph& graph_at(std::int32_t layer) {
    return graphs_.of(segment_at(layer).parts);
  }

  struct Block {
    BlockRequest request;
    std::vector<std::int64_t*> users;  ///< where the address goes
  };

  void add_block(std::int64_t bytes, std::int32_t first, std::int32_t last,
                 std::vector<std::int64_t*> users) {
    if (bytes > 0) {
      blocks_.push_back(
          {.request = {.bytes = bytes, .first = first, .last = last}, .users = std::move(users)});
    }
  }

  void add_streaming_operand(std::int32_t layer, std::optional<std::size_t> input,
                             OperandPlace& operand) {
    const BandSize& size = residency_.bands[static_cast<std::size_t>(layer)];
    const Graph& graph = graph_at(layer);
    const StreamBuffer buffer = stream_buffer(chip_, graph, graph.node(layer), size, input);
    operand.resident = false;
    if (buffer.copies == 1) {
      add_block(buffer.bytes, layer, layer, {&operand.addresses[0], &operand.addresses[1]});
    } else {
      add_block(buffer.bytes, layer, layer, {&operand.addresses[0]});
      add_block(buffer.bytes, layer, layer, {&operand.addresses[1]});
    }
  }

  void add_operand(std::int32_t layer, GraphTensorId tensor, std::optional<std::size_t> input,
                   OperandPlace& operand, std::vector<std::vector<std::int64_t*>>& resident_users) {
    if (resident(tensor)) {
      auto& users = resident_users[static_cast<std::size_t>(lives_.root(tensor))];
      users.push_back(&operand.addresses[0]);
      users.push_back(&operand.addresses[1]);
      operand.all_parts = !segment_at(layer).holds(lives_.of(lives_.root(tensor)));
    } else if (input && stays_away(node_of(layer), *input) &&
               has_home_in_dram(chip_, graph_, lives_, tensor)) {
      operand.resident = false;
      operand.as_tiles = true;
    } else {
      add_streaming_operand(layer, input, operand);
    }
  }

  /// Of what the layer before does as well.
  void add_fused(std::int32_t layer) {
    const Lifetime life = life_of_constants(layer - 1);
    add_block(constant_bytes(graph_, node_of(layer)).total(), life.first, life.last,
              {&plan_.layers[static_cast<std::size_t>(layer)].constants});
  }

  void collect_blocks() {
    blocks_.clear();
    plan_.layers.resize(graph_.nodes.size());
    std::vector<std::vector<std::int64_t*>> resident_users(graph_.tensors.size());
    for (std::int32_t layer = 0; layer < layer_count(); ++layer) {
      const Node& node = node_of(layer);
      LayerPlan& plan = plan_.layers[static_cast<std::size_t>(layer)];
      if (node.fused) {
        add_fused(layer);
        continue;
      }
      if (node.is_view()) {
        continue;
      }
      const BandSize& size = residency_.bands[static_cast<std::size_t>(layer)];
      plan.bands = cut(graph_at(layer), graph_at(layer).node(layer), size);
      plan.inputs.assign(graph_.operand_count(node), {});
      for (std::size_t input = 0; input < plan.inputs.size(); ++input) {
        add_operand(layer, graph_.operand(node, input), input, plan.inputs[input], resident_users);
      }
      add_operand(layer, node.output(), std::nullopt, plan.output, resident_users);
      const Lifetime life = life_of_constants(layer);
      add_block(constant_bytes(graph_, node).total(), life.first, life.last, {&plan.constants});
    }
    for (std::size_t tensor = 0; tensor < graph_.tensors.size(); ++tensor) {
      if (!resident_users[tensor].empty()) {
        const auto id = static_cast<GraphTensorId>(tensor);
        const Segment segment = segment_at(lives_.of(id).first);
        const bool inner = segment.holds(lives_.of(id));
        const Lifetime life =
            inner ? lives_.of(id) : in_whole_segments(plan_.segments, lives_.of(id));
        const Graph& graph = inner ? graphs_.of(segment.parts) : graph_;
        add_block(round_up(graph.tensor(id).bytes(), alignment_), life.first, life.last,
                  std::move(resident_users[tensor]));
      }
    }
  }

  /// False when the blocks do not fit in place: the layers of the block that failed must do with
  /// less, and the search goes on.
  bool place_all() {
    std::vector<BlockRequest> requests;
    requests.reserve(blocks_.size());
    for (const Block& block : blocks_) {
      requests.push_back(block.request);
    }
    const Placement placement = place(requests, capacity_, alignment_);
    if (placement.failed) {
      const BlockRequest& failed = requests[*placement.failed];
      const std::int64_t parts = 1 + attempts_ / kPatience;
      for (std::int32_t layer = failed.first; layer <= failed.last; ++layer) {
        auto& limit = limits_[static_cast<std::size_t>(layer)];
        limit -= std::clamp<std::int64_t>(limit / kShrinkDivisor * parts, 1, limit);
      }
      ++attempts_;
      return false;
    }
    for (std::size_t block = 0; block < blocks_.size(); ++block) {
      const std::int64_t address = placement.addresses[block];
      plan_.buffer_bytes = std::max(plan_.buffer_bytes, address + requests[block].bytes);
      for (std::int64_t* user : blocks_[block].users) {
        *user = address;
      }
    }
    return true;
  }

  const ChipSpec& chip_;
  const Graph& graph_;
  PartGraphs graphs_;
  bool with_segments_;
  TensorLives lives_;
  std::int64_t capacity_;
  std::int64_t alignment_;
  std::vector<std::int64_t> limits_;  ///< by layer: bytes it may use; shrinks with fragmentation
  std::int64_t attempts_ = 0;         ///< that found no place
  KnownCuts known_;
  Residency residency_;
  std::vector<Block> blocks_;
  MemoryPlan plan_;
};

}  // namespace

MemoryPlan plan_memory(const ChipSpec& chip, const Graph& graph, bool segments) {
  return Planner(chip, graph, segments).solve();
}

}  // namespace systole
