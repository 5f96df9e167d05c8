#include "compiler/allocation/memory_plan.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "compiler/allocation/lifetimes.h"
#include "compiler/allocation/placement.h"
#include "compiler/allocation/residency.h"
#include "compiler/graph/hold.h"
#include "compiler/mapping/tile_source.h"
#include "compiler/tiling/rows_first.h"

namespace systole {

namespace {

/// How much of the buffer a layer gives up per attempt when its blocks fit in sum but not in place:
/// a part as large at first, and after every few attempts another one as large.
constexpr std::int64_t kShrinkDivisor = 64;
constexpr std::int64_t kPatience = 4;

/// Of what is put into a block whose size follows from it.
constexpr std::int64_t kAnyCapacity = std::numeric_limits<std::int64_t>::max();

/// Chooses what stays and finds addresses; see plan_memory().
class Planner {
 public:
  Planner(const ChipSpec& chip, const Graph& graph, bool segments, const Weights& weights)
      : chip_(chip),
        graph_(graph),
        graphs_(graph),
        with_segments_(segments),
        weights_(weights),
        lives_(tensor_lives(graph)),
        capacity_(chip.buffer.capacity.count()),
        alignment_(chip.buffer.port_width.count()),
        limits_(graph.nodes.size(), capacity_) {}

  MemoryPlan solve() {
    while (!place_all(
        choose_residency(chip_, graph_, lives_, limits_, with_segments_, known_, weights_))) {
      // Where all of the batch at once is best with the most room, it is with less.
      with_segments_ = !residency_.segments.empty();
      const std::int64_t parts = 1 + attempts_ / kPatience;
      for (std::int32_t layer = failed_.first; layer <= failed_.last; ++layer) {
        auto& limit = limits_[static_cast<std::size_t>(layer)];
        limit -= std::clamp<std::int64_t>(limit / kShrinkDivisor * parts, 1, limit);
      }
      ++attempts_;
    }
    return std::move(plan_);
  }

  PlacedMemory place(const Residency& residency) {
    if (!place_all(residency)) {
      return {.plan = std::nullopt, .failed = failed_.first};
    }
    return {.plan = std::move(plan_)};
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

  [[nodiscard]] std::int64_t pixels(std::int32_t layer) const {
    return residency_.pixels.empty() ? 1 : residency_.pixels[static_cast<std::size_t>(layer)];
  }

  struct Block {
    PlannedBlock what;
    std::vector<std::int64_t*> users;  ///< where the address goes
    /// Of a segment whose parts are in flight: what a part holds, at addresses from 0 on.
    std::vector<Block> of_part;
    std::int64_t part_bytes = 0;
  };

  void add_block(PlannedBlock what, std::int64_t bytes, std::vector<std::int64_t*> users) {
    what.bytes = bytes;
    if (bytes > 0) {
      blocks_.push_back({.what = what, .users = std::move(users), .of_part = {}});
    }
  }

  /// The same of what each part of the layer's segment needs.
  void add_part_block(std::int32_t layer, PlannedBlock what, std::int64_t bytes,
                      std::vector<std::int64_t*> users) {
    const Segment segment = segment_at(layer);
    if (segment.in_flight == 1) {
      add_block(what, bytes, std::move(users));
    } else if (bytes > 0) {
      what.bytes = bytes;
      in_flight_[segment.first].push_back({.what = what, .users = std::move(users), .of_part = {}});
    }
  }

  void add_streaming_operand(std::int32_t layer, std::optional<std::size_t> input,
                             OperandPlace& operand) {
    const BandSize& size = residency_.bands[static_cast<std::size_t>(layer)];
    const Graph& graph = graph_at(layer);
    const StreamBuffer buffer = stream_buffer(chip_, graph, graph.node(layer), size, input);
    operand.resident = false;
    const Node& node = node_of(layer);
    const PlannedBlock what{
        .use = input ? BlockUse::Input : BlockUse::Output,
        .tensor = lives_.root(input ? graph_.operand(node, *input) : node.output()),
        .layer = layer,
        .life = {.first = layer, .last = layer}};
    if (buffer.copies == 1) {
      add_part_block(layer, what, buffer.bytes, {&operand.addresses[0], &operand.addresses[1]});
    } else {
      add_part_block(layer, what, buffer.bytes, {&operand.addresses[0]});
      add_part_block(layer, what, buffer.bytes, {&operand.addresses[1]});
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
    } else if (is_hold(graph_, node_of(layer))) {
      operand.resident = false;
    } else {
      add_streaming_operand(layer, input, operand);
    }
  }

  /// Of what the layer before does as well.
  void add_fused(std::int32_t layer) {
    add_block({.use = BlockUse::Constants, .layer = layer, .life = life_of_constants(layer - 1)},
              constant_bytes(graph_, node_of(layer)).total(),
              {&plan_.layers[static_cast<std::size_t>(layer)].constants});
  }

  void collect_blocks() {
    blocks_.clear();
    in_flight_.clear();
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
      if (!residency_.rows_first.empty() &&
          residency_.rows_first[static_cast<std::size_t>(layer)]) {
        add_part_block(
            layer,
            {.use = BlockUse::Maxima, .layer = layer, .life = {.first = layer, .last = layer}},
            maxima_bytes(graph_at(layer), graph_at(layer).node(layer), size),
            {&plan.maxima.addresses[0]});
      }
      add_block({.use = BlockUse::Constants, .layer = layer, .life = life_of_constants(layer)},
                constant_bytes(graph_, node, pixels(layer)).total(), {&plan.constants});
    }
    for (std::size_t tensor = 0; tensor < graph_.tensors.size(); ++tensor) {
      if (!resident_users[tensor].empty()) {
        const auto id = static_cast<GraphTensorId>(tensor);
        const Segment segment = segment_at(lives_.of(id).first);
        const bool inner = segment.holds(lives_.of(id));
        const Lifetime life =
            inner ? lives_.of(id) : in_whole_segments(plan_.segments, lives_.of(id));
        const Graph& graph = inner ? graphs_.of(segment.parts) : graph_;
        const PlannedBlock what{
            .use = BlockUse::Resident, .tensor = id, .layer = life.first, .life = life};
        const std::int64_t bytes = round_up(graph.tensor(id).bytes(), alignment_);
        if (inner) {
          add_part_block(life.first, what, bytes, std::move(resident_users[tensor]));
        } else {
          add_block(what, bytes, std::move(resident_users[tensor]));
        }
      }
    }
    join_parts();
  }

  /// What the parts in flight of each segment hold becomes a block.
  void join_parts() {
    for (auto& [first, blocks] : in_flight_) {
      const Segment segment = segment_at(first);
      const Placement placement = systole::place(requests_of(blocks), kAnyCapacity, alignment_);
      std::int64_t bytes = 0;
      for (std::size_t block = 0; block < blocks.size(); ++block) {
        PlannedBlock& what = blocks[block].what;
        what.address = placement.addresses[block];
        bytes = std::max(bytes, round_up(what.address + what.bytes, alignment_));
      }
      for (std::int32_t layer = first; layer < segment.end; ++layer) {
        LayerPlan& plan = plan_.layers[static_cast<std::size_t>(layer)];
        plan.output.next_part = plan.maxima.next_part = bytes;
        for (OperandPlace& input : plan.inputs) {
          input.next_part = bytes;
        }
      }
      add_block({.layer = first, .life = {.first = first, .last = segment.end - 1}},
                bytes * segment.in_flight, {});
      if (bytes > 0) {
        blocks_.back().of_part = std::move(blocks);
        blocks_.back().part_bytes = bytes;
      }
    }
  }

  [[nodiscard]] static std::vector<BlockRequest> requests_of(const std::vector<Block>& blocks) {
    std::vector<BlockRequest> requests;
    requests.reserve(blocks.size());
    for (const Block& block : blocks) {
      const Lifetime& life = block.what.life;
      requests.push_back({.bytes = block.what.bytes, .first = life.first, .last = life.last});
    }
    return requests;
  }

  /// Notes where a block lies, for all who use it.
  void settle(const Block& block, std::int64_t address) {
    if (!block.of_part.empty()) {
      for (std::int64_t part = 0; part < segment_at(block.what.layer).in_flight; ++part) {
        for (const Block& held : block.of_part) {
          PlannedBlock what = held.what;
          what.address += address + part * block.part_bytes;
          plan_.blocks.push_back(what);
          if (part == 0) {
            for (std::int64_t* user : held.users) {
              *user = what.address;
            }
          }
        }
      }
      return;
    }
    PlannedBlock what = block.what;
    what.address = address;
    plan_.blocks.push_back(what);
    for (std::int64_t* user : block.users) {
      *user = what.address;
    }
  }

  /// False when the blocks do not fit in place, and then the layers of the one that found no room.
  bool place_all(Residency residency) {
    residency_ = std::move(residency);
    plan_ = {.layers = {},
             .bands = residency_.bands,
             .segments = residency_.segments,
             .roots = lives_.roots,
             .resident = residency_.resident,
             .score = residency_.score,
             .blocks = {}};
    collect_blocks();
    const Placement placement = systole::place(requests_of(blocks_), capacity_, alignment_);
    if (placement.failed) {
      failed_ = blocks_[*placement.failed].what.life;
      return false;
    }
    for (std::size_t block = 0; block < blocks_.size(); ++block) {
      const std::int64_t address = placement.addresses[block];
      plan_.buffer_bytes = std::max(plan_.buffer_bytes, address + blocks_[block].what.bytes);
      settle(blocks_[block], address);
    }
    return true;
  }

  const ChipSpec& chip_;
  const Graph& graph_;
  PartGraphs graphs_;
  bool with_segments_;
  Weights weights_;
  TensorLives lives_;
  std::int64_t capacity_;
  std::int64_t alignment_;
  std::vector<std::int64_t> limits_;  ///< by layer: bytes it may use; shrinks with fragmentation
  std::int64_t attempts_ = 0;         ///< that found no place
  KnownCuts known_;
  Residency residency_;
  std::vector<Block> blocks_;
  std::map<std::int32_t, std::vector<Block>> in_flight_;  ///< by the first layer of a segment
  Lifetime failed_;                                       ///< of the block that found no room
  MemoryPlan plan_;
};

}  // namespace

MemoryPlan plan_memory(const ChipSpec& chip, const Graph& graph, bool segments,
                       const Weights& weights) {
  return Planner(chip, graph, segments, weights).solve();
}

PlacedMemory place_memory(const ChipSpec& chip, const Graph& graph, const Residency& residency) {
  return Planner(chip, graph, true, {}).place(residency);
}

}  // namespace systole
