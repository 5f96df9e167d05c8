#include "study/lower_bounds.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "arch/dataflow.h"
#include "compiler/allocation/lifetimes.h"
#include "silicon/energy/activity.h"
#include "silicon/energy/energy.h"

namespace systole {

namespace {

std::int64_t extent(const GemmShape& gemm, Axis axis) {
  switch (axis) {
    case Axis::M:
      return gemm.m;
    case Axis::N:
      return gemm.n;
    case Axis::K:
      break;
  }
  return gemm.k;
}

/// Outputs of a channel that read the same element of the left operand: 1 unless windows overlap or
/// matrices share it.
std::int64_t uses_of_an_element(const Node& node) {
  const Work work = node.work();
  const auto* product = std::get_if<ProductWork>(&work);
  if (const auto* matmul = std::get_if<MatmulWork>(&work)) {
    if (matmul->image) {
      return matmul->image->kernel.positions();
    }
    return matmul->a.sharing * (matmul->a.image == 0 ? matmul->images : 1) *
           (matmul->a.head == 0 ? matmul->heads : 1);
  }
  if (product == nullptr) {
    return 1;
  }
  const Kernel& kernel = product->kernel;
  return ceil_div(kernel.rows, kernel.stride_rows) * ceil_div(kernel.cols, kernel.stride_cols);
}

/// Products as the array may see them: matrices that share their right operand are one, as long as
/// all of them.
GemmShape joined(const Node& node, GemmShape gemm) {
  const Work work = node.work();
  if (const auto* matmul = std::get_if<MatmulWork>(&work)) {
    const std::int64_t images = matmul->b.image == 0 ? 1 : matmul->images;
    const std::int64_t matrices = images * ceil_div(matmul->heads, matmul->b.sharing);
    gemm.m *= gemm.groups / matrices;
    gemm.groups = matrices;
  }
  return gemm;
}

}  // namespace

std::int64_t right_elements(const Node& node, const GemmShape& gemm) {
  const GemmShape matrices = joined(node, gemm);
  return matrices.groups * matrices.k * matrices.n;
}

namespace {

std::int64_t tiles_of(const ChipSpec& chip, const Node& node, const GemmShape& gemm) {
  return rule_of(chip.matrix.dataflow).loads_weights
             ? ceil_div(right_elements(node, gemm), chip.matrix.macs_per_cycle())
             : 0;
}

/// Elements that all memories on the chip hold, if all had the smallest type in use.
double elements_on_chip(const ChipSpec& chip, std::int64_t element_bytes) {
  const std::int64_t sums = chip.accumulators.entries * chip.matrix.cols;
  const std::int64_t tiles = (chip.weight_fifo.tiles + 2) * chip.matrix.macs_per_cycle();
  return static_cast<double>(chip.cores * (chip.buffer.capacity.count() / element_bytes) +
                             chip.matrix_units() * (sums + tiles));
}

bool contains(const std::vector<GraphTensorId>& tensors, GraphTensorId tensor) {
  return std::find(tensors.begin(), tensors.end(), tensor) != tensors.end();
}

/// What a single product needs beyond each of its operands once.
Bytes bytes_again(const ChipSpec& chip, const Graph& graph, const Node& node) {
  const std::optional<GemmShape> gemm = gemm_shape(graph, node);
  if (!gemm || !contains(graph.inputs, node.inputs.front()) ||
      !contains(graph.outputs, node.output())) {
    return Bytes(0);
  }
  const GraphTensorId right = node.inputs[kRightInput];
  if ((!graph.is_parameter(right) && !contains(graph.inputs, right)) ||
      graph.tensor(right).type.element != graph.operand_type(node)) {
    return Bytes(0);
  }
  const std::int64_t size = bytes_of(graph.operand_type(node));
  const double held = elements_on_chip(chip, size);
  const double volume =
      static_cast<double>(gemm->macs()) / std::sqrt(static_cast<double>(uses_of_an_element(node)));
  const double elements = 2.0 * volume / std::sqrt(held) - 2.0 * held;
  const std::int64_t once = graph.tensor(node.inputs.front()).bytes() +
                            graph.tensor(right).bytes() + graph.tensor(node.output()).bytes();
  const auto least = static_cast<std::int64_t>(std::max(elements, 0.0)) * size;
  return Bytes(std::max<std::int64_t>(least - once, 0));
}

CoreCycles vector_bound(const ChipSpec& chip, const Graph& graph, const Node& node) {
  const std::optional<GemmShape> gemm = gemm_shape(graph, node);
  // A row is an entry of the accumulators, which has a sum for each column.
  const std::int64_t lanes =
      chip.cores * std::max<std::int64_t>(std::min(chip.vector.lanes, chip.matrix.cols), 1);
  return CoreCycles(gemm ? gemm->groups * gemm->m * gemm->n / lanes : 0);
}

/// Of the array: from the end of a stream to its last sum.
CoreCycles drain_of(const ChipSpec& chip) {
  return CoreCycles(chip.matrix.rows + chip.matrix.cols - 2);
}

/// The most products of which each waits for the one before.
std::int64_t longest_chain(const Graph& graph) {
  std::vector<std::int64_t> products(graph.tensors.size(), 0);
  std::int64_t longest = 0;
  for (const Node& node : graph.nodes) {
    std::int64_t before = 0;
    for (const GraphTensorId input : graph.data_inputs(node)) {
      before = std::max(before, products[static_cast<std::size_t>(input)]);
    }
    const std::int64_t here = before + (gemm_shape(graph, node) ? 1 : 0);
    for (const GraphTensorId output : node.outputs) {
      products[static_cast<std::size_t>(output)] = here;
    }
    longest = std::max(longest, here);
  }
  return longest;
}

/// Bytes of inputs and of outputs that are written.
struct InputsOutputs {
  std::int64_t bytes = 0;
};
InputsOutputs inputs_outputs(const Graph& graph) {
  return {(compulsory_bytes(graph, IoMemory::Device) - compulsory_bytes(graph, IoMemory::Host))
              .count()};
}

CoreCycles host_cycles(const ChipSpec& chip, std::int64_t bytes) {
  if (bytes == 0) {
    return CoreCycles(0);
  }
  const double seconds =
      static_cast<double>(bytes) / static_cast<double>(chip.host.bandwidth.count());
  const auto moving =
      static_cast<std::int64_t>(seconds * static_cast<double>(chip.frequency.count()));
  return chip.host.latency + CoreCycles(moving);
}

}  // namespace

CoreCycles TimeBound::cycles() const {
  return std::max({array, dram, vector, host, chain});
}

Bound TimeBound::by() const {
  const CoreCycles most = cycles();
  if (most == CoreCycles(0)) {
    return Bound::None;
  }
  if (most == array || most == chain) {
    return Bound::Compute;
  }
  if (most == dram) {
    return Bound::Dram;
  }
  return most == vector ? Bound::Vector : Bound::Host;
}

CoreCycles array_bound(const ChipSpec& chip, const Graph& graph, const Node& node) {
  const std::optional<GemmShape> shape = gemm_shape(graph, node);
  if (!shape) {
    return CoreCycles(0);
  }
  const GemmShape gemm = joined(node, *shape);
  const DataflowRule& rule = rule_of(chip.matrix.dataflow);
  const std::int64_t rows = extent(gemm, rule.rows);
  const std::int64_t cols = extent(gemm, rule.cols);
  const std::int64_t time = extent(gemm, rule.time);
  const DataType type = graph.operand_type(node);
  const CoreCycles pace = chip.matrix.pace(type, type);
  const std::int64_t units = chip.matrix_units();
  const auto steps = [&](std::int64_t busy, std::int64_t side) {
    return ceil_div(gemm.groups * busy * time, side * units);
  };
  std::int64_t least = ceil_div(gemm.macs(), chip.macs_per_cycle());
  least = std::max(least, steps(ceil_div(rows, chip.matrix.rows) * cols, chip.matrix.cols));
  const bool activations_lie_along_rows = rule.rows == Axis::M || rule.time == Axis::M;
  if (!activations_lie_along_rows || uses_of_an_element(node) == 1) {
    least = std::max(least, steps(ceil_div(cols, chip.matrix.cols) * rows, chip.matrix.rows));
  }
  return pace * least;
}

Bytes least_dram_bytes(const ChipSpec& chip, const Graph& graph) {
  Bytes again{0};
  if (chip.io == IoMemory::Device) {
    for (const Node& node : graph.nodes) {
      again = std::max(again, bytes_again(chip, graph, node));
    }
  }
  return compulsory_bytes(graph, chip.io) + again;
}

TimeBound layer_time_bound(const ChipSpec& chip, const Graph& graph, const Node& node) {
  TimeBound bound;
  const std::optional<GemmShape> gemm = gemm_shape(graph, node);
  if (!gemm) {
    return bound;
  }
  // Of a unit's tiles the first may shift in under another layer's fold.
  const std::int64_t shifts = ceil_div(tiles_of(chip, node, *gemm), chip.matrix_units()) - 1;
  bound.array = std::max(array_bound(chip, graph, node),
                         CoreCycles(std::max<std::int64_t>(shifts, 0) * chip.matrix.rows));
  if (has_weights(node)) {
    bound.dram = memory_bound(chip, Bytes(stored_weight_bytes(graph, node)));
  }
  bound.vector = vector_bound(chip, graph, node);
  return bound;
}

TimeBound network_time_bound(const ChipSpec& chip, const Graph& graph) {
  TimeBound bound;
  std::int64_t tiles = 0;
  bool multiplies_something = false;
  for (const Node& node : graph.nodes) {
    bound.array += array_bound(chip, graph, node);
    bound.vector += vector_bound(chip, graph, node);
    if (const std::optional<GemmShape> gemm = gemm_shape(graph, node)) {
      tiles += tiles_of(chip, node, *gemm);
      multiplies_something = true;
    }
  }
  bound.array =
      std::max(bound.array, CoreCycles(ceil_div(tiles, chip.matrix_units()) * chip.matrix.rows));
  bound.dram = memory_bound(chip, least_dram_bytes(chip, graph));
  const bool over_link = chip.io == IoMemory::Host;
  bound.host = over_link ? host_cycles(chip, inputs_outputs(graph).bytes) : CoreCycles(0);
  if (!multiplies_something) {
    return bound;
  }
  // Nothing is multiplied before an input is there and, where weights stay, a tile has shifted in;
  // behind the last product comes the pipeline, then the vector unit.
  const CoreCycles load(rule_of(chip.matrix.dataflow).loads_weights ? chip.matrix.rows : 0);
  const CoreCycles fill = std::max(over_link ? chip.host.latency : CoreCycles(0), load);
  const CoreCycles behind = drain_of(chip) + chip.vector.latency;
  bound.array += fill + behind;
  bound.vector += fill + drain_of(chip) + chip.vector.latency;
  bound.chain = fill + (behind + CoreCycles(1)) * longest_chain(graph);
  return bound;
}

Counters least_counters(const ChipSpec& chip, const Graph& graph) {
  Counters counters;
  counters.layers.resize(graph.nodes.size());
  CoreCycles array{0};
  CoreCycles vector{0};
  for (std::size_t layer = 0; layer < graph.nodes.size(); ++layer) {
    const Node& node = graph.nodes[layer];
    LayerCounters& counted = counters.layers[layer];
    const DataType type = graph.operand_type(node);
    const auto kind = static_cast<std::size_t>(mac_kind(type, type).value_or(MacKind::Int8));
    counted.macs = macs_of(graph, node);
    counted.actions.macs = counted.macs;
    counted.actions.macs_of_kind[kind] = counted.macs;
    counters.actions.macs += counted.macs;
    counters.actions.macs_of_kind[kind] += counted.macs;
    array += array_bound(chip, graph, node);
    vector += vector_bound(chip, graph, node);
  }
  counters.elapsed = std::max(network_time_bound(chip, graph).cycles(), CoreCycles(1));
  counters.engines[EngineKind::Matrix][Cause::Busy] = array;
  counters.engines[EngineKind::Vector][Cause::Busy] = vector;
  // What an output in device memory writes is left out: a bound may be lower.
  const Bytes compulsory = compulsory_bytes(graph, IoMemory::Host);
  counters.dram.read_bytes = compulsory.count();
  counters.dram.reads = compulsory.count() / chip.dram.standard.organization.burst_bytes().count();
  if (chip.dram.controller.power_down > DramCycles(0)) {
    counters.dram.precharged_power_down = dram_run_of(chip, counters).rank_cycles;
  }
  return counters;
}

std::optional<Joules> least_energy(const ChipSpec& chip, const Graph& graph) {
  if (!chip.silicon) {
    return std::nullopt;
  }
  return energy_report(chip, least_counters(chip, graph), graph.batch).total.total();
}

}  // namespace systole
