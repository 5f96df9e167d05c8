#include "compiler/allocation/memory_plan.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "compiler/allocation/placement.h"
#include "compiler/lowering/quantize.h"

namespace systole {

namespace {

constexpr std::int64_t kBiasBytes = 4;
/// How much of the buffer a layer gives up per attempt when its blocks fit in sum but not in place.
constexpr std::int64_t kShrinkDivisor = 16;

bool is_view(const Node& node) {
  return std::holds_alternative<Flatten>(node.op);
}

std::vector<GraphTensorId> find_roots(const Graph& graph) {
  std::vector<GraphTensorId> roots(graph.tensors.size());
  for (std::size_t tensor = 0; tensor < roots.size(); ++tensor) {
    roots[tensor] = static_cast<GraphTensorId>(tensor);
  }
  for (const Node& node : graph.nodes) {
    if (is_view(node)) {
      roots[static_cast<std::size_t>(node.output())] =
          roots[static_cast<std::size_t>(node.inputs.front())];
    }
  }
  return roots;
}

struct Lifetime {
  std::int32_t first = -1;
  std::int32_t last = -1;

  void touch(std::int32_t layer) {
    first = first < 0 ? layer : std::min(first, layer);
    last = std::max(last, layer);
  }
  [[nodiscard]] bool covers(std::int32_t layer) const {
    return first >= 0 && first <= layer && layer <= last;
  }
};

/// Searches for residency and bands; see plan_memory().
class Planner {
 public:
  Planner(const ChipSpec& chip, const Graph& graph)
      : graph_(graph),
        capacity_(chip.buffer.capacity.count()),
        alignment_(chip.buffer.port_width.count()),
        limits_(graph.nodes.size(), capacity_) {
    plan_.roots = find_roots(graph);
    plan_.resident.assign(graph.tensors.size(), true);
    lifetimes_.resize(graph.tensors.size());
    for (std::int32_t layer = 0; layer < layer_count(); ++layer) {
      const Node& node = node_of(layer);
      for (const GraphTensorId input : node.inputs) {
        lifetime(root(input)).touch(layer);
      }
      lifetime(root(node.output())).touch(layer);
    }
  }

  MemoryPlan solve() {
    for (;;) {
      while (!choose_bands()) {
      }
      if (place_all()) {
        return std::move(plan_);
      }
    }
  }

 private:
  [[nodiscard]] std::int32_t layer_count() const {
    return static_cast<std::int32_t>(graph_.nodes.size());
  }
  [[nodiscard]] const Node& node_of(std::int32_t layer) const { return graph_.node(layer); }
  [[nodiscard]] GraphTensorId root(GraphTensorId tensor) const {
    return plan_.roots[static_cast<std::size_t>(tensor)];
  }
  [[nodiscard]] Lifetime& lifetime(GraphTensorId tensor) {
    return lifetimes_[static_cast<std::size_t>(tensor)];
  }
  [[nodiscard]] bool resident(GraphTensorId tensor) const {
    return plan_.resident[static_cast<std::size_t>(root(tensor))];
  }
  [[nodiscard]] std::int64_t aligned(std::int64_t bytes) const {
    return round_up(bytes, alignment_);
  }
  [[nodiscard]] std::int64_t tensor_bytes(GraphTensorId tensor) const {
    return aligned(graph_.tensor(tensor).bytes());
  }

  /// Biases and tables arrive one layer early.
  [[nodiscard]] static std::int32_t prefetch_layer(std::int32_t layer) {
    return std::max(layer - 1, 0);
  }

  /// Bytes that are taken at a layer whatever its bands: residents and constants.
  [[nodiscard]] std::int64_t fixed_bytes(std::int32_t layer) const {
    std::int64_t bytes = 0;
    for (std::size_t tensor = 0; tensor < graph_.tensors.size(); ++tensor) {
      const auto id = static_cast<GraphTensorId>(tensor);
      if (root(id) == id && plan_.resident[tensor] && lifetimes_[tensor].covers(layer)) {
        bytes += tensor_bytes(id);
      }
    }
    bytes += aligned(constant_bytes(graph_, node_of(layer)).total());
    if (layer + 1 < layer_count()) {
      bytes += aligned(constant_bytes(graph_, node_of(layer + 1)).total());
    }
    return bytes;
  }

  /// The largest band of one operand, times two when there are several.
  [[nodiscard]] std::int64_t stream_bytes(const Node& node, const std::vector<Band>& bands,
                                          std::optional<std::size_t> input) const {
    const GraphTensor& tensor = graph_.tensor(input ? node.inputs[*input] : node.output());
    std::int64_t largest = 0;
    for (const Band& band : bands) {
      const Band part = input ? input_band(graph_, node, *input, band) : band;
      largest = std::max(largest, band_elements(tensor.shape(), part));
    }
    return aligned(bytes_of(tensor.type.element, largest));
  }

  [[nodiscard]] std::int64_t streaming_bytes(const Node& node,
                                             const std::vector<Band>& bands) const {
    const std::int64_t copies = bands.size() > 1 ? 2 : 1;
    std::int64_t bytes = 0;
    for (std::size_t input = 0; input < node.inputs.size(); ++input) {
      if (!resident(node.inputs[input])) {
        bytes += copies * stream_bytes(node, bands, input);
      }
    }
    if (!resident(node.output())) {
      bytes += copies * stream_bytes(node, bands, std::nullopt);
    }
    return bytes;
  }

  [[nodiscard]] bool streams(const Node& node) const {
    return !resident(node.output()) ||
           std::any_of(node.inputs.begin(), node.inputs.end(),
                       [this](GraphTensorId input) { return !resident(input); });
  }

  /// Fewest bands that fit the layer's limit; none when even single rows do not.
  [[nodiscard]] std::optional<std::vector<Band>> bands_for(std::int32_t layer) const {
    const Node& node = node_of(layer);
    const Shape shape = graph_.tensor(node.output()).shape();
    const std::int64_t room = limits_[static_cast<std::size_t>(layer)] - fixed_bytes(layer);
    if (room < 0) {
      return std::nullopt;
    }
    if (!streams(node)) {
      return std::vector<Band>{whole(shape)};
    }
    for (const BandSize& size : band_sizes(shape)) {
      std::vector<Band> bands = cut(shape, size.images, size.rows);
      if (streaming_bytes(node, bands) <= room) {
        return bands;
      }
    }
    return std::nullopt;
  }

  /// One pass over the layers; false when a tensor had to be evicted and the pass must restart.
  bool choose_bands() {
    plan_.layers.assign(graph_.nodes.size(), {});
    for (std::int32_t layer = 0; layer < layer_count(); ++layer) {
      if (is_view(node_of(layer))) {
        continue;
      }
      auto bands = bands_for(layer);
      if (!bands) {
        evict_at(layer);
        return false;
      }
      plan_.layers[static_cast<std::size_t>(layer)].bands = std::move(*bands);
    }
    return true;
  }

  [[nodiscard]] bool is_operand(const Node& node, GraphTensorId tensor) const {
    return root(node.output()) == tensor ||
           std::any_of(node.inputs.begin(), node.inputs.end(),
                       [&](GraphTensorId input) { return root(input) == tensor; });
  }

  /// Makes the best candidate stream: a tensor that merely waits beats an operand, then size.
  void evict_at(std::int32_t layer) {
    const Node& node = node_of(layer);
    std::optional<GraphTensorId> best;
    std::pair<bool, std::int64_t> best_rank{};
    for (std::size_t tensor = 0; tensor < graph_.tensors.size(); ++tensor) {
      const auto id = static_cast<GraphTensorId>(tensor);
      if (root(id) != id || !plan_.resident[tensor] || !lifetimes_[tensor].covers(layer)) {
        continue;
      }
      const std::pair<bool, std::int64_t> rank{!is_operand(node, id), tensor_bytes(id)};
      if (!best || rank > best_rank) {
        best = id;
        best_rank = rank;
      }
    }
    if (!best) {
      throw WorkloadError(
          node.location, node.name,
          fmt::format("expected a layer that fits the unified buffer of {} bytes one output row "
                      "at a time, got {} bytes of constants and rows",
                      capacity_, fixed_bytes(layer) + smallest_streaming_bytes(node)));
    }
    plan_.resident[static_cast<std::size_t>(*best)] = false;
  }

  [[nodiscard]] std::int64_t smallest_streaming_bytes(const Node& node) const {
    const Shape shape = graph_.tensor(node.output()).shape();
    const BandSize size = band_sizes(shape).back();
    return streaming_bytes(node, cut(shape, size.images, size.rows));
  }

  // --- placement ---

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
    const LayerPlan& plan = plan_.layers[static_cast<std::size_t>(layer)];
    const std::int64_t bytes = stream_bytes(node_of(layer), plan.bands, input);
    operand.resident = false;
    if (plan.bands.size() == 1) {
      add_block(bytes, layer, layer, {&operand.addresses[0], &operand.addresses[1]});
    } else {
      add_block(bytes, layer, layer, {&operand.addresses[0]});
      add_block(bytes, layer, layer, {&operand.addresses[1]});
    }
  }

  void add_operand(std::int32_t layer, GraphTensorId tensor, std::optional<std::size_t> input,
                   OperandPlace& operand, std::vector<std::vector<std::int64_t*>>& resident_users) {
    if (resident(tensor)) {
      auto& users = resident_users[static_cast<std::size_t>(root(tensor))];
      users.push_back(&operand.addresses[0]);
      users.push_back(&operand.addresses[1]);
    } else {
      add_streaming_operand(layer, input, operand);
    }
  }

  void collect_blocks() {
    blocks_.clear();
    std::vector<std::vector<std::int64_t*>> resident_users(graph_.tensors.size());
    for (std::int32_t layer = 0; layer < layer_count(); ++layer) {
      const Node& node = node_of(layer);
      LayerPlan& plan = plan_.layers[static_cast<std::size_t>(layer)];
      if (is_view(node)) {
        continue;
      }
      plan.inputs.assign(node.inputs.size(), {});
      for (std::size_t input = 0; input < node.inputs.size(); ++input) {
        add_operand(layer, node.inputs[input], input, plan.inputs[input], resident_users);
      }
      add_operand(layer, node.output(), std::nullopt, plan.output, resident_users);
      add_block(constant_bytes(graph_, node).total(), prefetch_layer(layer), layer,
                {&plan.constants});
    }
    for (std::size_t tensor = 0; tensor < graph_.tensors.size(); ++tensor) {
      if (!resident_users[tensor].empty()) {
        add_block(tensor_bytes(static_cast<GraphTensorId>(tensor)), lifetimes_[tensor].first,
                  lifetimes_[tensor].last, std::move(resident_users[tensor]));
      }
    }
  }

  /// False when the blocks do not fit in place: the layers of the block that failed must do with
  /// less, and the search goes on.
  bool place_all() {
    collect_blocks();
    std::vector<BlockRequest> requests;
    requests.reserve(blocks_.size());
    for (const Block& block : blocks_) {
      requests.push_back(block.request);
    }
    const Placement placement = place(requests, capacity_, alignment_);
    if (placement.failed) {
      const BlockRequest& failed = requests[*placement.failed];
      for (std::int32_t layer = failed.first; layer <= failed.last; ++layer) {
        auto& limit = limits_[static_cast<std::size_t>(layer)];
        limit -= std::max<std::int64_t>(limit / kShrinkDivisor, 1);
      }
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

  const Graph& graph_;
  std::int64_t capacity_;
  std::int64_t alignment_;
  std::vector<std::int64_t> limits_;  ///< by layer: bytes it may use; shrinks with fragmentation
  std::vector<Lifetime> lifetimes_;
  std::vector<Block> blocks_;
  MemoryPlan plan_;
};

}  // namespace

ConstantBytes constant_bytes(const Graph& graph, const Node& node) {
  ConstantBytes bytes;
  if (const auto gemm = gemm_shape(graph, node)) {
    bytes.bias = gemm->groups * gemm->n * kBiasBytes;
  }
  const DataType type = graph.operand_type(node);
  if (is_float(type)) {
    return bytes;  // functions are computed
  }
  if (std::holds_alternative<SoftmaxChannels>(node.op)) {
    bytes.table = kSoftmaxTableBytes;
  } else if (uses_lookup(activation_of(node), type)) {
    bytes.table = kLookupBytes;
  }
  return bytes;
}

MemoryPlan plan_memory(const ChipSpec& chip, const Graph& graph) {
  return Planner(chip, graph).solve();
}

}  // namespace systole
