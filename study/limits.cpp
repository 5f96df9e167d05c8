#include "study/limits.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <variant>
#include <vector>

#include "arch/dataflow.h"
#include "arch/diag/check.h"

namespace systole {

namespace {

// Bytes times femtoseconds per second passes 64 bits at 9 kB.
__extension__ using Wide = __int128;

constexpr Wide kFemtosecondsPerSecond = 1'000'000'000'000'000;

CoreCycles busy(const LayerCounters& layer, EngineKind kind) {
  return total_of(layer.engines, kind)[Cause::Busy];
}

/// Of engines that work beside each other, of one of them.
CoreCycles mean_busy(const LayerCounters& layer, EngineKind kind) {
  const EngineSet& engines = layer.engines.engines();
  return CoreCycles(busy(layer, kind).count() / (engines.cores * engines.count_of(kind)));
}

/// False for a view of a network input, or of a view of one.
bool is_computed(const Graph& graph, GraphTensorId tensor) {
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    if (node->output() == tensor) {
      if (!node->is_view()) {
        return true;
      }
      tensor = node->inputs.front();
    }
  }
  return false;
}

}  // namespace

Bound Roofline::bound() const {
  if (cycles() == CoreCycles(0)) {
    return Bound::None;
  }
  return memory > compute ? Bound::Dram : Bound::Compute;
}

CoreCycles total_cycles(const EngineCounters& engine) {
  return std::accumulate(engine.cycles.begin(), engine.cycles.end(), CoreCycles(0));
}

CoreCycles compute_bound(const ChipSpec& chip, std::int64_t macs, DataType activation,
                         DataType weight) {
  if (macs == 0) {
    return CoreCycles(0);  // no operands that the array would have to multiply
  }
  const CoreCycles pace = chip.matrix.pace(activation, weight);
  return CoreCycles(ceil_div(macs * pace.count(), chip.macs_per_cycle()));
}

std::int64_t fold_vectors(const ChipSpec& chip, const GemmShape& gemm) {
  const auto extent = [&](Axis axis) {
    switch (axis) {
      case Axis::M:
        return gemm.m;
      case Axis::N:
        return gemm.n;
      case Axis::K:
        break;
    }
    return gemm.k;
  };
  const DataflowRule& rule = rule_of(chip.matrix.dataflow);
  return gemm.groups * ceil_div(extent(rule.rows), chip.matrix.rows) *
         ceil_div(extent(rule.cols), chip.matrix.cols) * extent(rule.time);
}

CoreCycles fold_bound(const ChipSpec& chip, const Graph& graph, const Node& node) {
  const std::optional<GemmShape> gemm = gemm_shape(graph, node);
  if (!gemm) {
    return CoreCycles(0);
  }
  const DataType type = graph.operand_type(node);
  // The units share the folds, and perhaps the time of one; none does more than its share.
  return chip.matrix.pace(type, type) * ceil_div(fold_vectors(chip, *gemm), chip.matrix_units());
}

CoreCycles memory_bound(const ChipSpec& chip, Bytes bytes) {
  const std::int64_t bandwidth = chip.dram.peak_bandwidth().count();
  SYSTOLE_CHECK(bandwidth > 0, "DRAM bandwidth {}", bandwidth);
  const Wide time = static_cast<Wide>(bytes.count()) * kFemtosecondsPerSecond / bandwidth;
  return CoreCycles(static_cast<std::int64_t>(time / chip.clock().period().count()));
}

Bytes compulsory_bytes(const Graph& graph, const Node& node) {
  if (!has_weights(node)) {
    return Bytes(0);
  }
  const std::optional<GemmShape> gemm = gemm_shape(graph, node);
  const Bytes weights(stored_weight_bytes(graph, node));
  const Bytes biases(gemm->groups * gemm->n * bytes_of(DataType::Int32));
  return has_biases(node) ? weights + biases : weights;
}

namespace {

/// Of what an append writes.
Bytes appended_bytes(const Graph& graph, const Node& node) {
  const Work work = node.work();
  const auto* copy = std::get_if<CopyWork>(&work);
  return copy != nullptr && copy->over ? Bytes(graph.tensor(node.inputs.front()).bytes())
                                       : Bytes(0);
}

/// What products have to read of each state (by tensor), which is in DRAM before the run: the
/// elements that the largest of them multiplies, but for as many as the run wrote itself.
std::map<GraphTensorId, Bytes> states_read(const Graph& graph) {
  std::map<GraphTensorId, const Node*> appends;  // by what they make
  std::map<GraphTensorId, Bytes> read;
  for (const Node& node : graph.nodes) {
    if (appended_bytes(graph, node) > Bytes(0)) {
      appends[node.output()] = &node;
    }
    const Work work = node.work();
    const auto* product = std::get_if<MatmulWork>(&work);
    if (product == nullptr) {
      continue;
    }
    GraphTensorId state = node.inputs[kRightInput];
    Bytes written{0};
    if (const auto append = appends.find(state); append != appends.end()) {
      state = append->second->inputs[*append->second->shared_input()];
      written = appended_bytes(graph, *append->second);
    }
    if (graph.tensor(state).role != GraphTensorRole::State) {
      continue;
    }
    const std::int64_t images = product->b.image == 0 ? 1 : product->images;
    const std::int64_t elements =
        images * (product->heads / product->b.sharing) * product->k * product->n;
    const Bytes bytes(bytes_of(graph.tensor(state).type.element, elements));
    Bytes& most = read[state];
    most = std::max(most, bytes - std::min(bytes, written));
  }
  return read;
}

/// Positions of one axis of an image, `size` long, that a kernel touches with so many outputs.
std::int64_t touched(std::int64_t size, std::int64_t outputs, std::int64_t kernel,
                     std::int64_t stride, std::int64_t dilation, std::int64_t pad) {
  std::vector<bool> is_touched(static_cast<std::size_t>(size), false);
  for (std::int64_t output = 0; output < outputs; ++output) {
    for (std::int64_t element = 0; element < kernel; ++element) {
      const std::int64_t at = output * stride - pad + element * dilation;
      if (at >= 0 && at < size) {
        is_touched[static_cast<std::size_t>(at)] = true;
      }
    }
  }
  return std::count(is_touched.begin(), is_touched.end(), true);
}

std::int64_t touched_elements(const Shape& in, const Shape& out, const Kernel& kernel) {
  return in.batch * in.channels *
         touched(in.rows, out.rows, kernel.rows, kernel.stride_rows, kernel.dilation_rows,
                 kernel.pad_top) *
         touched(in.cols, out.cols, kernel.cols, kernel.stride_cols, kernel.dilation_cols,
                 kernel.pad_left);
}

std::int64_t elements_read(const Graph& graph, GraphTensorId tensor);

/// Of input `input` of a node, what its results depend on; none is promised of what is copied.
std::int64_t elements_read(const Graph& graph, const Node& node, std::size_t input) {
  const GraphTensor& tensor = graph.tensor(node.inputs[input]);
  const Shape out = graph.tensor(node.output()).shape();
  const Work work = node.work();
  if (std::holds_alternative<ViewWork>(work)) {
    return elements_read(graph, node.output());
  }
  if (std::holds_alternative<CopyWork>(work)) {
    return 0;
  }
  if (const auto* pool = std::get_if<PoolWork>(&work)) {
    return touched_elements(tensor.shape(), out, pool->kernel);
  }
  if (const auto* product = std::get_if<ProductWork>(&work); product != nullptr && input == 0) {
    return touched_elements(tensor.shape(), out, product->kernel);
  }
  if (const auto* matmul = std::get_if<MatmulWork>(&work)) {
    if (matmul->image && input == 0) {
      return 0;
    }
    if (input == kRightInput) {
      const std::int64_t images = matmul->b.image == 0 ? 1 : matmul->images;
      return images * (matmul->heads / matmul->b.sharing) * matmul->k * matmul->n;
    }
  }
  return tensor.type.elements();
}

std::int64_t elements_read(const Graph& graph, GraphTensorId tensor) {
  std::int64_t most = 0;
  for (const Node& node : graph.nodes) {
    for (std::size_t input = 0; input < node.inputs.size(); ++input) {
      if (node.inputs[input] == tensor) {
        most = std::max(most, elements_read(graph, node, input));
      }
    }
    if (node.added && *node.added == tensor) {
      most = graph.tensor(tensor).type.elements();
    }
  }
  return std::min(most, graph.tensor(tensor).type.elements());
}

/// Of a state of a training step that a node writes over, row by row: written, and read where the
/// new one follows from the old.
Bytes updated_bytes(const Graph& graph, const Node& node) {
  const Work work = node.work();
  const auto* rows = std::get_if<RowWork>(&work);
  if (rows == nullptr || !rows->in_place) {
    return Bytes(0);
  }
  const Bytes whole(graph.tensor(node.output()).bytes());
  return rows->in_place->is_read ? whole + whole : whole;
}

/// What a run has to read of states and to write into them.
Bytes state_bytes(const Graph& graph) {
  Bytes sum{0};
  for (const Node& node : graph.nodes) {
    sum += appended_bytes(graph, node) + updated_bytes(graph, node);
  }
  for (const auto& [state, bytes] : states_read(graph)) {
    sum += bytes;
  }
  return sum;
}

}  // namespace

Bytes bytes_of_products(const Graph& graph) {
  Bytes sum{0};
  for (const Node& node : graph.nodes) {
    sum += compulsory_bytes(graph, node);
  }
  for (const auto& [state, bytes] : states_read(graph)) {
    sum += bytes;
  }
  return sum;
}

Bytes compulsory_bytes(const Graph& graph, IoMemory io) {
  Bytes sum{0};
  for (const Node& node : graph.nodes) {
    sum += compulsory_bytes(graph, node);
  }
  sum += state_bytes(graph);
  if (io == IoMemory::Device) {
    for (const GraphTensorId input : graph.inputs) {
      sum += Bytes(bytes_of(graph.tensor(input).type.element, elements_read(graph, input)));
    }
    for (const GraphTensorId output : graph.outputs) {
      sum += is_computed(graph, output) ? Bytes(graph.tensor(output).bytes()) : Bytes(0);
    }
  }
  return sum;
}

Roofline layer_roofline(const Result& result, std::size_t layer) {
  const LayerCounters& counters = result.counters.layers.at(layer);
  const Bytes moved(counters.dram_read_bytes + counters.dram_write_bytes);
  const DataType type = result.graph.operand_type(result.graph.nodes.at(layer));
  return {.compute = compute_bound(result.chip, counters.macs, type, type),
          .memory = memory_bound(result.chip, moved)};
}

Roofline network_roofline(const Result& result) {
  Roofline roofline;
  for (std::size_t layer = 0; layer < result.counters.layers.size(); ++layer) {
    if (!result.graph.is_made_again(layer)) {
      roofline.compute += layer_roofline(result, layer).compute;
    }
  }
  roofline.memory = memory_bound(result.chip, compulsory_bytes(result.graph, result.chip.io));
  return roofline;
}

Bound layer_bound(const LayerCounters& layer) {
  const std::array<std::pair<Bound, CoreCycles>, 4> candidates{{
      {Bound::Compute, mean_busy(layer, EngineKind::Matrix)},
      {Bound::Dram, busy(layer, EngineKind::Weights) + busy(layer, EngineKind::DmaIn) +
                        busy(layer, EngineKind::DmaOut)},
      {Bound::Vector, mean_busy(layer, EngineKind::Vector)},
      {Bound::Host, busy(layer, EngineKind::Host)},
  }};
  Bound bound = Bound::None;
  CoreCycles most{0};
  for (const auto& [candidate, cycles] : candidates) {
    if (cycles > most) {
      bound = candidate;
      most = cycles;
    }
  }
  return bound;
}

EngineKind main_engine(const LayerCounters& layer) {
  for (const EngineKind kind : {EngineKind::Matrix, EngineKind::Vector}) {
    if (total_of(layer.engines, kind).instructions > 0) {
      return kind;
    }
  }
  EngineKind most = EngineKind::Host;
  for (const auto& [kind, name] : kEnumNames<EngineKind>) {
    if (total_cycles(total_of(layer.engines, kind)) > total_cycles(total_of(layer.engines, most))) {
      most = kind;
    }
  }
  return most;
}

Stall largest_stall(const LayerCounters& layer) {
  return largest_stall(total_of(layer.engines, main_engine(layer)));
}

Stall largest_stall(const EngineCounters& engine) {
  Stall largest;
  for (const auto& [cause, name] : kEnumNames<Cause>) {
    if (cause != Cause::Busy && engine[cause] > largest.cycles) {
      largest = {cause, engine[cause]};
    }
  }
  return largest;
}

bool is_view(const LayerCounters& layer) {
  return std::all_of(layer.engines.begin(), layer.engines.end(),
                     [](const EngineCounters& engine) { return engine.instructions == 0; });
}

}  // namespace systole
